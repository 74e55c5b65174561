//! Upload sessions: begun, seen, joined, ended.
//!
//! What begins, completes and ends sessions is a function of the database's own (`infra/migrations`): it locks, then
//! looks, then decides, row after row. Lock order: the room's row, then the company's row, then anything below. Every
//! change of a session's state names the states that it may come from, taken from the domain's table of arrows.

mod begin;
mod finish;
pub(crate) mod made;
mod places;
pub(crate) mod row;
mod storage;
mod sweep;
mod version;

use domain::upload::{Seen, State, Upload};
use domain::{CompanyId, RoomId, UploadId, UserId};
use time::{Duration, OffsetDateTime};
use tokio_postgres::types::Type;
use uuid::Uuid;

pub use begin::{Beginning, Begun, NewUpload};
pub use finish::{Became, Completion, Ended, Finished, Which};
pub use made::{Happened, Made};
pub use places::{Batch, Start};
pub use storage::{Share, Shares, Usage};
pub use version::{NewVersion, Versioned};

use crate::{Error, Origin, Store};

/// Who made a call, as the audit log keeps it.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Who did it; nobody when the system did.
    pub actor: Option<UserId>,
    /// The call that it came by.
    pub origin: Origin<'a>,
    /// The id of the audit log's line.
    pub line: Uuid,
}

/// Which uploads to list.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// Everybody's in this room; `None` for one's own everywhere.
    pub room: Option<RoomId>,
    /// In these states.
    pub states: &'a [State],
    /// Older than this one.
    pub before: Option<UploadId>,
    /// At most so many.
    pub limit: i64,
}

/// A look at an upload that counts as activity of its uploader, when they may still send.
#[derive(Debug, Clone, Copy)]
pub struct Touch {
    /// When.
    pub at: OffsetDateTime,
    /// How much longer the session lives then.
    pub lives: Duration,
    /// Only when the last activity is at least this old: not every hint needs a write.
    pub at_most_every: Duration,
    /// Whether the uploader wants it finished: should nobody come to it, the reaper does.
    pub finish: bool,
}

/// What a person finds: their own uploads, and those of rooms that they are in.
const SEE: &str = concat!(
    "with seen as (
         select ",
    row::columns!("up"),
    ", m.role, m.access, r.status as room_status
         from uploads up
         join users u on u.company_id = up.company_id and u.id = $2 and u.status = 'active'
         join rooms r on r.company_id = up.company_id and r.id = up.room_id
         left join room_members m on m.company_id = up.company_id and m.room_id = up.room_id and m.user_id = u.id
         where up.company_id = $1 and up.id = $3
           and (up.uploader_id = u.id or (m.user_id is not null and r.status <> 'deleted'))
     ),
     touched as (
         update uploads up set last_activity_at = $4, expires_at = $5,
             join_asked_at = case when $7 then coalesce(up.join_asked_at, $4) else up.join_asked_at end
         from seen
         where up.company_id = $1 and up.id = seen.id and up.uploader_id = $2 and up.last_activity_at <= $6
           and up.state in ('pending', 'in_progress', 'completing')
           and seen.access = 'full' and seen.room_status = 'active'
         returning up.id
     )
     select seen.*, exists (select from touched) as touched from seen"
);

const MINE: &str = concat!(
    "select found.* from users u
     left join lateral (
         select ",
    row::columns!("up"),
    " from uploads up
         where up.company_id = u.company_id and up.uploader_id = u.id
           and up.state = any ($3) and ($4::uuid is null or up.id < $4)
         order by up.id desc limit $5
     ) found on true
     where u.company_id = $1 and u.id = $2 and u.status = 'active'"
);

/// One row without an upload tells that the room is there and has none.
const OF_ROOM: &str = concat!(
    "select found.* from room_members m
     join users u on u.company_id = m.company_id and u.id = m.user_id and u.status = 'active'
     join rooms r on r.company_id = m.company_id and r.id = m.room_id and r.status <> 'deleted'
     left join lateral (
         select ",
    row::columns!("up"),
    " from uploads up
         where up.room_id = r.id and up.state = any ($3) and ($4::uuid is null or up.id < $4)
         order by up.id desc limit $5
     ) found on true
     where m.company_id = $1 and m.user_id = $2 and m.room_id = $6"
);

impl Store {
    /// An upload as `user` finds it; with `touch`, the uploader's look keeps it alive.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn see_upload(
        &self,
        company: CompanyId,
        user: UserId,
        id: UploadId,
        touch: Option<Touch>,
    ) -> Result<Option<Seen>, Error> {
        let never = OffsetDateTime::UNIX_EPOCH;
        let (at, expires, stale, finish) = touch.map_or((never, never, never, false), |touch| {
            let stale = touch.at - touch.at_most_every;
            (touch.at, touch.at + touch.lives, stale, touch.finish)
        });
        let found = self
            .db()
            .await?
            .row(
                SEE,
                &[
                    (&company.0, Type::UUID),
                    (&user.0, Type::UUID),
                    (&id.0, Type::UUID),
                    (&at, Type::TIMESTAMPTZ),
                    (&expires, Type::TIMESTAMPTZ),
                    (&stale, Type::TIMESTAMPTZ),
                    (&finish, Type::BOOL),
                ],
            )
            .await?;
        let Some(found) = found else { return Ok(None) };
        let mut seen = row::seen(&found)?;
        if found.try_get("touched")? {
            seen.upload.last_activity_at = at;
            seen.upload.expires_at = expires;
        }
        Ok(Some(seen))
    }

    /// Uploads, newest first; `None` when the room is not there for this person, or the person not active.
    ///
    /// # Errors
    /// As [`Store::see_upload`].
    pub async fn uploads(
        &self,
        company: CompanyId,
        user: UserId,
        filter: Filter<'_>,
    ) -> Result<Option<Vec<Upload>>, Error> {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        let before = filter.before.map(|id| id.0);
        let common = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&states as _, Type::TEXT_ARRAY),
            (&before as _, Type::UUID),
            (&filter.limit as _, Type::INT8),
        ];
        let db = self.db().await?;
        let rows = match filter.room {
            None => db.rows(MINE, &common).await?,
            Some(room) => {
                let [a, b, c, d, e] = common;
                db.rows(OF_ROOM, &[a, b, c, d, e, (&room.0, Type::UUID)])
                    .await?
            }
        };
        if rows.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<Uuid>>("id")?.is_some() {
                found.push(row::upload(row)?);
            }
        }
        Ok(Some(found))
    }
}
