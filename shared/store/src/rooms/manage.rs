//! Managing people below oneself: removing them, changing their role and access, handing the room over.

use domain::UserId;
use domain::room::{Access, Action, Member, Refusal, Role, SeatChange};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::sql::{
    bump, facts, json_time, json_time_of, last_message, log, member_json, message_json,
    room_columns, room_json, rule_holds,
};
use super::{Act, Changed, FoundRoom, Shared, locked, rows};
use crate::{Error, Store};

/// The person $12 as they sit in the room, and whether the actor is above them ($13: all roles, lowest first).
macro_rules! target {
    () => {
        "target as (
             select m.user_id, m.role, m.access, m.joined_at, u.full_name, u.handle,
                 u.status = 'active' as active,
                 array_position($13, m.role) < array_position($13, f.my_role) as below
             from facts f
             join room_members m on m.company_id = $1 and m.room_id = $2 and m.user_id = $12
             join users u on u.company_id = $1 and u.id = m.user_id
         )"
    };
}

const REMOVE: &str = concat!(
    "with ", facts!(), ", ", target!(), ",
     gone as (
         delete from room_members m using facts f, target t
         where m.room_id = $2 and m.user_id = t.user_id and t.below and ", rule_holds!(), "
         returning f.my_name, t.full_name
     ),
     change as (
         select 'member.removed' as kind, jsonb_build_object('user_ids', jsonb_build_array($12)) as data,
             g.my_name || ' removed ' || g.full_name || '.' as says,
             jsonb_build_object('event', 'member.removed', 'actor', $3, 'users', jsonb_build_array($12)) as about,
             -1 as more, true as audit
         from gone g
     ),",
    bump!(""),
    log!(", t.user_id as t_user_id, t.full_name as t_full_name, t.handle as t_handle, t.role as t_role,
            t.access as t_access, t.joined_at as t_joined_at, t.active as t_active"),
    " left join target t on true"
);

/// $14 role, $15 access (null: leave). Giving `creator` makes the former one an admin.
const CHANGE: &str = concat!(
    "with ", facts!(), ", ", target!(), ",
     may as (
         select f.* from facts f, target t
         where t.below and ", rule_holds!(), "
           and case when $14 = 'creator' then f.my_role = 'creator' and t.active
                    else $14 is null or array_position($13, $14) < array_position($13, f.my_role) end
     ),
     after as (
         select 0 as place, t.user_id, t.full_name, t.handle, t.joined_at, coalesce($14, t.role) as role,
             case when $14 = 'creator' then 'full' else coalesce($15, t.access) end as access
         from may, target t
         where coalesce($14, t.role) <> t.role or coalesce($15, t.access) <> t.access
         union all
         select 1, $3, f.my_name, f.my_handle,
             (select m.joined_at from room_members m where m.room_id = $2 and m.user_id = $3), 'admin', 'full'
         from may f where $14 = 'creator'
     ),
     seated as (
         update room_members m set role = a.role, access = a.access
         from after a where m.company_id = $1 and m.room_id = $2 and m.user_id = a.user_id
     ),
     change as (
         select 'member.changed' as kind,
             jsonb_build_object('members', jsonb_agg(", member_json!("a", "a.joined_at"), " order by a.place)) as data,
             f.my_name || case
                 when $14 = 'creator' then ' handed the room over to ' || t.full_name || '.'
                 when $14 <> t.role then ' made ' || t.full_name || ' ' || $14 || '.'
                 else ' set the access of ' || t.full_name || ' to ' || $15 || '.' end as says,
             jsonb_build_object('event', 'member.changed', 'actor', $3,
                 'users', jsonb_agg(a.user_id order by a.place), 'role', $14, 'access', $15) as about,
             0 as more, true as audit
         from after a, facts f, target t group by f.my_name, t.full_name, t.role
     ),",
    bump!(""),
    log!(", t.user_id as t_user_id, t.full_name as t_full_name, t.handle as t_handle, t.role as t_role,
            t.access as t_access, t.joined_at as t_joined_at, t.active as t_active"),
    " left join target t on true"
);

/// A person in the room, as they were before the change.
struct Target {
    member: Member,
    active: bool,
}

impl Store {
    /// Takes `user` out of the room, if they are below the actor.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn remove_member(
        &self,
        act: &Act<'_>,
        user: UserId,
    ) -> Result<Changed<FoundRoom>, Error> {
        let shared = Shared::new(Action::ManageMembers.rule())?;
        let ranks: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let mut params = shared.params(act);
        params.extend([(&user.0 as _, Type::UUID), (&ranks as _, Type::TEXT_ARRAY)]);
        locked(self, act, REMOVE, &params).await?.answer(
            |_, found| Ok(found),
            |row, found| why_not(found, target(row)?.as_ref(), SeatChange::default()),
        )
    }

    /// Changes the place of `user`, if they are below the actor, and so is the role they get. Answers
    /// them as they were.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn change_member(
        &self,
        act: &Act<'_>,
        user: UserId,
        change: SeatChange,
    ) -> Result<Changed<Member>, Error> {
        let shared = Shared::new(Action::ManageMembers.rule())?;
        let ranks: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let role = change.role.map(Role::as_str);
        let access = change.access.map(Access::as_str);
        let mut params = shared.params(act);
        params.extend([
            (&user.0 as _, Type::UUID),
            (&ranks as _, Type::TEXT_ARRAY),
            (&role as _, Type::TEXT),
            (&access as _, Type::TEXT),
        ]);
        locked(self, act, CHANGE, &params).await?.answer(
            |row, _| {
                let target = target(row)?;
                let target = target.ok_or_else(|| Error::Corrupt("changed nobody".into()))?;
                Ok(target.member)
            },
            |row, found| why_not(found, target(row)?.as_ref(), change),
        )
    }
}

fn target(row: &Row) -> Result<Option<Target>, Error> {
    let Some(member) = rows::member(row, "t_")? else {
        return Ok(None);
    };
    let active = row.try_get("t_active")?;
    Ok(Some(Target { member, active }))
}

fn why_not(
    found: &FoundRoom,
    target: Option<&Target>,
    change: SeatChange,
) -> Result<Option<Refusal>, Error> {
    if let Some(refusal) = rows::refusal(found, Action::ManageMembers) {
        return Ok(Some(refusal));
    }
    let (Some(seat), Some(target)) = (found.seat, target) else {
        return Ok(Some(Refusal::NoSuchMember));
    };
    let hands_over = change.role == Some(Role::Creator) && seat.role == Role::Creator;
    let gives_too_much = change.role.is_some_and(|role| !seat.role.outranks(role)) && !hands_over;
    if !seat.role.outranks(target.member.role) || gives_too_much {
        return Ok(Some(Refusal::Outranked));
    }
    Ok((hands_over && !target.active).then_some(Refusal::NoSuchMember))
}
