//! Reading a room and its members, and moving one's read marker.

use domain::room::{Member, Refusal, Seat};
use domain::{CompanyId, RoomId, UserId};
use tokio_postgres::types::Type;

use super::sql::{facts, json_time_of, last_message, message_json, room_columns};
use super::{Answer, FoundRoom, Members, rows};
use crate::{Error, Store};

const GET: &str = concat!("with ", facts!(), " select f.* from facts f");

/// $4 the person after whom the page begins (null: from the first), $5 part of a name or handle, $6 how many.
const MEMBERS: &str = concat!(
    "with ", facts!(), "
     select f.*, p.user_id as p_user_id, p.full_name as p_full_name, p.handle as p_handle, p.role as p_role,
         p.access as p_access, p.joined_at as p_joined_at
     from facts f
     left join lateral (
         select m.user_id, u.full_name, u.handle, m.role, m.access, m.joined_at
         from room_members m
         join users u on u.company_id = m.company_id and u.id = m.user_id
         where m.company_id = $1 and m.room_id = f.id and ($4 is null or m.user_id > $4)
           and ($5 = '' or position($5 in lower(u.full_name)) > 0 or position($5 in lower(u.handle)) > 0)
         order by m.user_id limit $6
     ) p on true
     order by p.user_id"
);

/// $4 the seq that was read. The ordinal of the last message up to it says how many messages that were.
const MARK: &str = concat!(
    "with ", facts!(), ",
     aim as (
         select least($4, f.last_seq) as seq from facts f
         where f.my_role is not null and f.read_seq < least($4, f.last_seq)
     ),
     reached as (
         select a.seq, coalesce((
             select x.ordinal from messages x where x.room_id = $2 and x.seq <= a.seq order by x.seq desc limit 1
         ), 0) as count
         from aim a
     ),
     moved as (
         update room_members m set read_seq = a.seq, read_count = a.count
         from reached a
         where m.company_id = $1 and m.room_id = $2 and m.user_id = $3 and m.read_seq < a.seq
         returning m.read_seq, m.read_count
     )
     select f.*, w.read_seq as moved_seq, w.read_count as moved_count from facts f left join moved w on true"
);

impl Store {
    /// A room as `user` finds it.
    ///
    /// # Errors
    /// When Postgres does not answer or the stored row makes no sense.
    pub async fn room(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
    ) -> Result<Answer<FoundRoom>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
        ];
        let rows = self.db().await?.rows(GET, &params).await?;
        rows::found(&super::one(rows)?)
    }

    /// At most `limit` members after `after`, in the order in which they registered, whose name or
    /// handle holds `name`.
    ///
    /// # Errors
    /// As [`Store::room`].
    pub async fn room_members(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
        after: Option<UserId>,
        name: &str,
        limit: i64,
    ) -> Result<Answer<Members>, Error> {
        let after = after.map(|after| after.0);
        let params = [
            (&company.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&after as _, Type::UUID),
            (&name as _, Type::TEXT),
            (&limit as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(MEMBERS, &params).await?;
        if let Some(Err(refusal)) = rows.first().map(rows::found).transpose()? {
            return Ok(Err(refusal));
        }
        let members: Result<Vec<Option<Member>>, _> =
            rows.iter().map(|row| rows::member(row, "p_")).collect();
        Ok(Ok(members?.into_iter().flatten().collect()))
    }

    /// Moves the marker of `user` up to `seq`, never back and never beyond the log's end. Answers where
    /// it stands, and whether it moved.
    ///
    /// # Errors
    /// As [`Store::room`].
    pub async fn mark_read(
        &self,
        company: CompanyId,
        user: UserId,
        room: RoomId,
        seq: i64,
    ) -> Result<Answer<(Seat, bool)>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&room.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&seq as _, Type::INT8),
        ];
        let row = super::one(self.db().await?.rows(MARK, &params).await?)?;
        let found = match rows::found(&row)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(mut seat) = found.seat else {
            return Ok(Err(Refusal::NotMember));
        };
        let moved: Option<i64> = row.try_get("moved_seq")?;
        if let Some(moved) = moved {
            seat.read_seq = moved;
            seat.unread = found.room.message_count - row.try_get::<_, i64>("moved_count")?;
        }
        Ok(Ok((seat, moved.is_some())))
    }
}
