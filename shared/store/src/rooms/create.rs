//! Making a room: its row, its first people and the first event of its log, in one statement.

use domain::company::CompanyRole;
use domain::room::{Draft, Refusal};
use tokio_postgres::types::Type;

use super::members::Batch;
use super::sql::{json_time, json_time_of, log, member_json, message_json, room_json};
use super::{Act, Answer, RoomEvent, one, rows};
use crate::{Clash, Error, Store};

/// $9 to $11: people, roles, accesses; $12 name, $13 its key, $14 description, $15 type, $16 limit, $17 settings.
const CREATE: &str = concat!(
    "with facts as (
         select u.role as company_role, u.full_name, u.handle, u.id as user_id, 'creator' as role, 'full' as access
         from (select) as one left join users u on u.company_id = $1 and u.id = $3 and u.status = 'active'
     ),
     people as (
         select w.place - 1 as place, w.user_id, w.role, u.full_name, u.handle,
             coalesce(w.access, case when u.role = 'guest' then 'read_only' else 'full' end) as access
         from unnest($9, $10, $11) with ordinality as w (user_id, role, access, place)
         left join users u on u.company_id = $1 and u.id = w.user_id and u.status = 'active'
     ),
     may as (
         select f.* from facts f
         where f.company_role <> 'guest'
           and not exists (select from people p where p.handle is null)
           and 1 + (select count(*) from people) <= $16
     ),
     made as (
         insert into rooms (company_id, id, type, name, name_key, description, created_by, member_limit, member_count,
             last_seq, last_activity_at, settings, created_at)
         select $1, $2, $15, $12, $13, $14, $3, $16, 1 + (select count(*) from people), 1, $4,
             jsonb_strip_nulls($17), $4
         from may
         returning *
     ),
     everyone as (
         select -1 as place, user_id, full_name, handle, role, access from may
         union all
         select p.place, p.user_id, p.full_name, p.handle, p.role, p.access from may, people p
     ),
     seated as (
         insert into room_members (company_id, room_id, user_id, role, access, read_seq, joined_at)
         select $1, $2, e.user_id, e.role, e.access, 1, $4 from everyone e
     ),
     bumped as (
         select made.*, 'room.created' as event,
             jsonb_build_object('members', (
                 select jsonb_agg(", member_json!("e", "$4"), " order by e.place) from everyone e)) as data,
             f.full_name || ' created the room.' as says,
             jsonb_build_object('event', 'room.created', 'actor', $3, 'users', (
                 select jsonb_agg(e.user_id order by e.place) from everyone e)) as about,
             false as audit
         from made, facts f
     )",
    log!(", array(select p.place from people p where p.handle is null order by p.place) as unknown")
);

impl Store {
    /// Makes a room whose creator is the actor; all of the first people are in it, or it is not made. Answers what the
    /// actor is in the company, and the event.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn create_room(
        &self,
        act: &Act<'_>,
        draft: &Draft,
    ) -> Result<Answer<(CompanyRole, RoomEvent)>, Error> {
        let defaults = super::sql::default_settings()?;
        let settings = serde_json::to_value(&draft.settings)
            .map_err(|error| Error::Corrupt(error.to_string()))?;
        let batch = Batch::new(&draft.members);
        let params = [
            (&act.company.0 as _, Type::UUID),
            (&act.room.0 as _, Type::UUID),
            (&act.actor.0 as _, Type::UUID),
            (&act.origin.at as _, Type::TIMESTAMPTZ),
            (&act.id as _, Type::UUID),
            (&defaults as _, Type::JSONB),
            (&act.origin.address as _, Type::TEXT),
            (&act.origin.request_id as _, Type::TEXT),
            (&batch.users as _, Type::UUID_ARRAY),
            (&batch.roles as _, Type::TEXT_ARRAY),
            (&batch.accesses as _, Type::TEXT_ARRAY),
            (&draft.name.as_str() as _, Type::TEXT),
            (&draft.name.key() as _, Type::TEXT),
            (&draft.description.as_str() as _, Type::TEXT),
            (&draft.kind.as_str() as _, Type::TEXT),
            (&draft.member_limit.get() as _, Type::INT4),
            (&settings as _, Type::JSONB),
        ];
        let row = match self.db().await?.rows(CREATE, &params).await {
            Ok(rows) => one(rows)?,
            Err(error) if error.clash() == Some(Clash::RoomNameTaken) => {
                return Ok(Err(Refusal::NameTaken));
            }
            Err(error) => return Err(error),
        };
        let company_role = rows::company_role(&row)?;
        if let (Some(role), Some(logged)) = (company_role, rows::logged(&row)?) {
            return Ok(Ok((role, logged)));
        }
        let unknown: Vec<i64> = row.try_get("unknown")?;
        Ok(Err(match company_role {
            None => Refusal::Inactive,
            Some(_) if !unknown.is_empty() => Batch::unknown(&unknown),
            Some(CompanyRole::Guest) => Refusal::Role,
            Some(_) => Refusal::Full {
                limit: draft.member_limit.get(),
            },
        }))
    }
}
