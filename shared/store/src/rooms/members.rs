//! Coming in and going: adding people, joining, leaving.

use domain::UserId;
use domain::company::CompanyRole;
use domain::room::{Access, Action, Kind, NewMember, Refusal, Role, Status};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::sql::{
    bump, facts, json_time, json_time_of, last_message, log, member_json, message_json,
    room_columns, room_json, rule_holds,
};
use super::{Act, Changed, FoundRoom, Shared, locked, rows};
use crate::{Error, Store};

/// What adding people came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Adding {
    /// The room as it was.
    pub found: FoundRoom,
    /// Who was in already.
    pub already: Vec<UserId>,
}

/// People to be added, as arrays.
pub(super) struct Batch {
    pub(super) users: Vec<Uuid>,
    pub(super) roles: Vec<&'static str>,
    pub(super) accesses: Vec<Option<&'static str>>,
}

/// $12 to $14: people, roles, accesses; $15 all roles, lowest first. A member whom the settings let invite gives
/// the lowest role only; so does a moderator.
const ADD: &str = concat!(
    "with ", facts!(), ",
     people as (
         select w.place - 1 as place, w.user_id, w.role, u.full_name, u.handle,
             coalesce(w.access, case when u.role = 'guest' then 'read_only' else 'full' end) as access,
             exists (select from room_members x where x.room_id = $2 and x.user_id = w.user_id) as already
         from unnest($12, $13, $14) with ordinality as w (user_id, role, access, place)
         left join users u on u.company_id = $1 and u.id = w.user_id and u.status = 'active'
     ),
     may as (
         select f.* from facts f
         where f.company_role <> 'guest' and f.my_access = any ($10) and f.status = any ($11)
           and (f.my_role = any ($9) or (f.my_role is not null and f.settings -> 'members_invite' = 'true'))
           and not exists (select from people p where p.handle is null)
           and not exists (
               select from people p where not p.already and p.role <> 'member'
                  and array_position($15, p.role) >= array_position($15, f.my_role))
           and f.member_count + (select count(*) from people p where not p.already) <= f.member_limit
     ),
     come as (select p.*, row_number() over (order by p.place) as rank from may, people p where not p.already),
     seated as (
         insert into room_members (company_id, room_id, user_id, role, access, read_seq, read_count, joined_at)
         select $1, $2, c.user_id, c.role, c.access, f.last_seq + 1, f.message_count, $4 from come c, facts f
     ),
     change as (
         select 'member.added' as kind,
             jsonb_build_object('members', jsonb_agg(", member_json!("c", "$4"), " order by c.place)) as data,
             f.my_name || ' added ' || string_agg(c.full_name, ', ' order by c.place) filter (where c.rank <= 3)
                 || case when count(*) > 3 then ' and ' || count(*) - 3 || ' more.' else '.' end as says,
             jsonb_build_object('event', 'member.added', 'actor', $3,
                 'users', jsonb_agg(c.user_id order by c.place)) as about,
             count(*)::integer as more, true as audit
         from come c, facts f group by f.my_name
     ),",
    bump!(""),
    log!(", array(select p.place from people p where p.handle is null order by p.place) as unknown,
            array(select p.user_id from people p where p.already order by p.place) as already")
);

const JOIN: &str = concat!(
    "with ", facts!(), ",
     come as (
         select f.*, $3 as user_id, f.my_name as full_name, f.my_handle as handle, 'member' as role, 'full' as access
         from facts f
         where f.my_role is null and f.type = 'public' and f.company_role <> 'guest' and f.status = any ($11)
           and f.member_count < f.member_limit
     ),
     seated as (
         insert into room_members (company_id, room_id, user_id, role, access, read_seq, read_count, joined_at)
         select $1, $2, c.user_id, c.role, c.access, c.last_seq + 1, c.message_count, $4 from come c
     ),
     change as (
         select 'member.joined' as kind,
             jsonb_build_object('members', jsonb_build_array(", member_json!("c", "$4"), ")) as data,
             c.full_name || ' joined.' as says,
             jsonb_build_object('event', 'member.joined', 'actor', $3, 'users', jsonb_build_array($3)) as about,
             1 as more, false as audit
         from come c
     ),",
    bump!(""),
    log!("")
);

const LEAVE: &str = concat!(
    "with ", facts!(), ",
     gone as (
         delete from room_members m using facts f
         where m.room_id = $2 and m.user_id = $3 and ", rule_holds!(), "
         returning f.my_name
     ),
     change as (
         select 'member.left' as kind, jsonb_build_object('user_ids', jsonb_build_array($3)) as data,
             g.my_name || ' left.' as says,
             jsonb_build_object('event', 'member.left', 'actor', $3, 'users', jsonb_build_array($3)) as about,
             -1 as more, false as audit
         from gone g
     ),",
    bump!(""),
    log!("")
);

impl Store {
    /// Adds all of `people` who are not in yet, or nobody.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn add_members(
        &self,
        act: &Act<'_>,
        people: &[NewMember],
    ) -> Result<Changed<Adding>, Error> {
        let shared = Shared::new(Action::Invite.rule())?;
        let batch = Batch::new(people);
        let ranks: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let mut params = shared.params(act);
        params.extend([
            (&batch.users as _, Type::UUID_ARRAY),
            (&batch.roles as _, Type::TEXT_ARRAY),
            (&batch.accesses as _, Type::TEXT_ARRAY),
            (&ranks as _, Type::TEXT_ARRAY),
        ]);
        locked(self, act, ADD, &params).await?.answer(
            |row, found| {
                let already: Vec<Uuid> = row.try_get("already")?;
                let already = already.into_iter().map(UserId).collect();
                Ok(Adding { found, already })
            },
            |row, found| why_not_added(row, found, people),
        )
    }

    /// Brings the actor into a public room; [`Changed::Same`] when they are in.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn join_room(&self, act: &Act<'_>) -> Result<Changed<FoundRoom>, Error> {
        let shared = Shared::new(Action::Join.rule())?;
        locked(self, act, JOIN, &shared.params(act))
            .await?
            .answer(|_, found| Ok(found), |_, found| Ok(why_not_joined(found)))
    }

    /// Takes the actor out of the room.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn leave_room(&self, act: &Act<'_>) -> Result<Changed<FoundRoom>, Error> {
        let shared = Shared::new(Action::Leave.rule())?;
        let reason = |found: &FoundRoom| match found.seat {
            Some(seat) if seat.role == Role::Creator => Some(Refusal::CreatorStays),
            _ => rows::refusal(found, Action::Leave),
        };
        locked(self, act, LEAVE, &shared.params(act))
            .await?
            .answer(|_, found| Ok(found), |_, found| Ok(reason(found)))
    }
}

impl Batch {
    pub(super) fn new(people: &[NewMember]) -> Self {
        Self {
            users: people.iter().map(|person| person.user.0).collect(),
            roles: people.iter().map(|person| person.role.as_str()).collect(),
            accesses: people
                .iter()
                .map(|person| person.access.map(Access::as_str))
                .collect(),
        }
    }

    pub(super) fn unknown(places: &[i64]) -> Refusal {
        let places = places
            .iter()
            .filter_map(|place| usize::try_from(*place).ok());
        Refusal::UnknownPeople(places.collect())
    }
}

/// Nothing was added: why, or nothing stood in the way and everyone was in.
fn why_not_added(
    row: &Row,
    found: &FoundRoom,
    people: &[NewMember],
) -> Result<Option<Refusal>, Error> {
    let action = match found.seat {
        // Whoever may write may invite where the settings say so.
        Some(_) if found.room.settings.members_invite => Action::Write,
        _ => Action::Invite,
    };
    if let Some(refusal) = rows::refusal(found, action) {
        return Ok(Some(refusal));
    }
    if found.company_role == CompanyRole::Guest {
        return Ok(Some(Refusal::Role));
    }
    let unknown: Vec<i64> = row.try_get("unknown")?;
    if !unknown.is_empty() {
        return Ok(Some(Batch::unknown(&unknown)));
    }
    let already: Vec<Uuid> = row.try_get("already")?;
    let new: Vec<_> = people
        .iter()
        .filter(|person| !already.contains(&person.user.0))
        .collect();
    if new.is_empty() {
        return Ok(None);
    }
    let mine = found.seat.map(|seat| seat.role);
    let above = |role: Role| role != Role::Member && mine.is_none_or(|mine| !mine.outranks(role));
    if new.iter().any(|person| above(person.role)) {
        return Ok(Some(Refusal::Outranked));
    }
    Ok(Some(Refusal::Full {
        limit: found.room.member_limit,
    }))
}

fn why_not_joined(found: &FoundRoom) -> Option<Refusal> {
    let room = &found.room;
    if found.seat.is_some() {
        None
    } else if room.kind != Kind::Public {
        // Only administrators of the company get here: they see it, but are not in it.
        Some(Refusal::NotMember)
    } else if room.status != Status::Active {
        Some(Refusal::Archived)
    } else {
        Some(Refusal::Full {
            limit: room.member_limit,
        })
    }
}
