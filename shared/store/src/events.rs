//! The logs of rooms and people: reading on from where a client stopped.
//!
//! Every read is one round trip and checks for itself that the person is active and in the room.

use domain::{CompanyId, RoomId, SessionId, UserId};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Error, Store};

/// Further behind than this, a room is loaded anew instead of replayed.
pub const MOST_BEHIND: i64 = 5_000;

/// One entry of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// The room; none in a person's own log.
    pub room: Option<RoomId>,
    /// Its number in that log.
    pub seq: i64,
    /// What kind of event it is.
    pub kind: String,
    /// Who did it, if somebody did.
    pub actor: Option<UserId>,
    /// The event's data, as clients read it.
    pub payload: Value,
    /// When it was stored.
    pub at: OffsetDateTime,
}

/// A part of a room's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// What follows the cursor, oldest first; nothing when `reset`.
    pub events: Vec<Logged>,
    /// The last number of the log.
    pub last_seq: i64,
    /// What follows the cursor is too much or kept no longer.
    pub reset: bool,
}

/// How far everything that concerns a person has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    /// Their rooms, and the last number of each log.
    pub rooms: Vec<(RoomId, i64)>,
    /// The last number of their own log.
    pub user: i64,
}

const MEMBERS: &str = "select m.user_id
    from room_members m
    join rooms r on r.company_id = m.company_id and r.id = m.room_id
    join users u on u.company_id = m.company_id and u.id = m.user_id
    where m.company_id = $1 and m.room_id = $2 and r.status <> 'deleted' and u.status = 'active'";

const AFTER: &str = "with room as (
        select r.id, r.last_seq,
            r.last_seq <> $4 and (r.last_seq - $4 not between 1 and $6 or not exists (
                select from room_events e where e.room_id = r.id and e.seq = $4 + 1)) as reset
        from rooms r
        join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
        left join room_members m on m.room_id = r.id and m.user_id = u.id
        where r.company_id = $1 and r.id = $3 and r.status <> 'deleted'
          and (m.user_id is not null or (r.type = 'public' and u.role <> 'guest'))
    )
    select room.id as room_id, room.last_seq, room.reset, e.seq, e.type, e.actor_id, e.payload, e.at
    from room left join lateral (
        select * from room_events e where e.room_id = room.id and e.seq > $4 and not room.reset
        order by e.seq limit $5) e on true
    order by e.seq";

const HEADS: &str = "select u.last_seq as user_seq, r.id, r.last_seq
    from users u
    join sessions s on s.company_id = u.company_id and s.id = $3 and s.user_id = u.id and s.revoked_at is null
    left join (
        room_members m join rooms r on r.company_id = m.company_id and r.id = m.room_id and r.status <> 'deleted'
    ) on m.company_id = u.company_id and m.user_id = u.id
    where u.company_id = $1 and u.id = $2 and u.status = 'active'";

impl Store {
    /// Everyone who is in a room now; nobody when there is no such room.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn member_ids(&self, company: CompanyId, room: RoomId) -> Result<Vec<UserId>, Error> {
        let params = [(&company.0 as _, Type::UUID), (&room.0 as _, Type::UUID)];
        let rows = self.db().await?.rows(MEMBERS, &params).await?;
        rows.iter()
            .map(|row| Ok(UserId(row.try_get::<_, Uuid>(0)?)))
            .collect()
    }

    /// At most `limit` events after `after`, if `user` may read the room; `None` when not.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn events_after(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
        after: i64,
        limit: i64,
    ) -> Result<Option<Excerpt>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&known(after) as _, Type::INT8),
            (&limit as _, Type::INT8),
            (&MOST_BEHIND as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(AFTER, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Excerpt {
            last_seq: first.try_get("last_seq")?,
            reset: first.try_get("reset")?,
            events: some_logged(&rows)?,
        }))
    }

    /// How far everything has come; `None` when the person is not active or the session has ended.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn heads(
        &self,
        company: CompanyId,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<Heads>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&session.0 as _, Type::UUID),
        ];
        let rows = self.db().await?.rows(HEADS, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut heads = Heads {
            rooms: Vec::with_capacity(rows.len()),
            user: first.try_get("user_seq")?,
        };
        for row in &rows {
            if let Some(room) = row.try_get::<_, Option<Uuid>>("id")? {
                heads.rooms.push((RoomId(room), row.try_get("last_seq")?));
            }
        }
        Ok(Some(heads))
    }
}

/// A number that somebody claims to know a log up to, kept to what can be reckoned with: no log is so long, and each
/// number outside says the same, that it is none of ours.
pub(crate) fn known(seq: i64) -> i64 {
    const BEYOND: i64 = 1 << 53;
    seq.clamp(-1, BEYOND)
}

/// The entries in `rows`; an outer join's empty row holds none.
pub(crate) fn some_logged(rows: &[Row]) -> Result<Vec<Logged>, Error> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(seq) = row.try_get("seq")? else {
            continue;
        };
        entries.push(Logged {
            room: row.try_get::<_, Option<Uuid>>("room_id")?.map(RoomId),
            seq,
            kind: row.try_get("type")?,
            actor: row.try_get::<_, Option<Uuid>>("actor_id")?.map(UserId),
            payload: row.try_get("payload")?,
            at: row.try_get("at")?,
        });
    }
    Ok(entries)
}
