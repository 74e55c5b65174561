//! Lists of rooms, in one round trip: with my place, unread counts and last messages.

use domain::room::{Kind, Refusal, Status};
use domain::{CompanyId, RoomId, UserId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;

use super::sql::{json_time_of, last_message, message_json, room_columns};
use super::{Answer, FoundRoom, rows};
use crate::{Error, Store};

/// Whose rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomsScope {
    /// Those one is in.
    Mine,
    /// Active public ones that one is not in; none for guests.
    Joinable,
    /// All but direct ones; for administrators of the company.
    Company,
}

/// Which rooms.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomsFilter<'a> {
    /// Whose.
    pub scope: RoomsScope,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only in this state.
    pub status: Option<Status>,
    /// Part of the name, as names are compared; empty for all.
    pub name: &'a str,
    /// Only after this place: the last active first, then by id, newest first.
    pub after: Option<(OffsetDateTime, RoomId)>,
    /// At most so many.
    pub limit: i64,
}

/// $3 type, $4 status, $5 part of the name, $6 and $7 the place, $8 how many. The page is cut before the last messages
/// are looked up, so that only its own are. One row without a room when there is none.
macro_rules! list {
    ($rooms:literal) => {
        concat!(
            "select ",
            room_columns!(),
            ", newest.last_message
             from users u
             left join lateral (
                 select r.* from ",
            $rooms,
            "
                   and r.company_id = $1 and r.status <> 'deleted'
                   and ($3 is null or r.type = $3) and ($4 is null or r.status = $4)
                   and ($5 = '' or position($5 in r.name_key) > 0)
                   and ($6 is null or (r.last_activity_at, r.id) < ($6, $7))
                 order by r.last_activity_at desc, r.id desc limit $8
             ) r on true
             left join room_members m on m.room_id = r.id and m.user_id = u.id ",
            last_message!(),
            "
             where u.company_id = $1 and u.id = $2 and u.status = 'active'
             order by r.last_activity_at desc, r.id desc"
        )
    };
}

const MINE: &str = list!("room_members i join rooms r on r.id = i.room_id where i.user_id = u.id");

const JOINABLE: &str = list!(
    "rooms r where r.type = 'public' and r.status = 'active' and u.role <> 'guest'
       and not exists (select from room_members i where i.room_id = r.id and i.user_id = u.id)"
);

const COMPANY: &str = list!("rooms r where r.type <> 'direct' and u.role in ('owner', 'admin')");

impl Store {
    /// A page of rooms as `user` finds them.
    ///
    /// # Errors
    /// When Postgres does not answer or a stored row makes no sense.
    pub async fn rooms(
        &self,
        company: CompanyId,
        user: UserId,
        filter: &RoomsFilter<'_>,
    ) -> Result<Answer<Vec<FoundRoom>>, Error> {
        let sql = match filter.scope {
            RoomsScope::Mine => MINE,
            RoomsScope::Joinable => JOINABLE,
            RoomsScope::Company => COMPANY,
        };
        let kind = filter.kind.map(Kind::as_str);
        let status = filter.status.map(Status::as_str);
        let at = filter.after.map(|(at, _)| at);
        let id = filter.after.map(|(_, id)| id.0);
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&kind as _, Type::TEXT),
            (&status as _, Type::TEXT),
            (&filter.name as _, Type::TEXT),
            (&at as _, Type::TIMESTAMPTZ),
            (&id as _, Type::UUID),
            (&filter.limit as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(sql, &params).await?;
        let Some(role) = rows.first().map(rows::company_role).transpose()?.flatten() else {
            return Ok(Err(Refusal::Inactive));
        };
        if filter.scope == RoomsScope::Company && !role.administers() {
            return Ok(Err(Refusal::Role));
        }
        let found: Result<Vec<_>, _> = rows.iter().map(|row| rows::room(row, role)).collect();
        Ok(Ok(found?.into_iter().flatten().collect()))
    }
}
