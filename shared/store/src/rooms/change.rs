//! Changing a room itself: name, type, limit, settings; archive and restore.

use domain::room::{Action, Change, Kind, Refusal, Role};
use tokio_postgres::types::Type;

use super::sql::{
    bump, facts, json_time_of, last_message, log, message_json, room_columns, room_json, rule_holds,
};
use super::{Act, Changed, FoundRoom, Shared, locked, rows};
use crate::{Error, Store};

/// $12 name, $13 its key, $14 description, $15 type, $16 limit (null: leave), $17 settings, $18 the version
/// expected (null: any).
const UPDATE: &str = concat!(
    "with ", facts!(), ",
     wish as (
         select coalesce($12, f.name) as name, coalesce($13, f.name_key) as name_key,
             coalesce($14, f.description) as description, coalesce($15, f.type) as type,
             coalesce($16, f.member_limit) as member_limit, jsonb_strip_nulls(f.settings || $17) as settings
         from facts f
     ),
     may as (
         select f.* from facts f
         where ", rule_holds!(), " and f.type <> 'direct'
           and ($15 is null or $15 = f.type or f.my_role = 'creator')
           and ($18 is null or $18 = f.version)
           and coalesce($16, f.member_limit) >= f.member_count
     ),
     changes as (
         select array_remove(array[
             case when w.name <> f.name then 'name' end,
             case when w.description <> f.description then 'description' end,
             case when w.type <> f.type then 'type' end,
             case when w.member_limit <> f.member_limit then 'member_limit' end,
             case when w.settings <> f.settings then 'settings' end], null) as names
         from may f, wish w
     ),
     change as (
         select 'room.updated' as kind, jsonb_build_object('changes', to_jsonb(c.names)) as data, null as says,
             jsonb_build_object('changes', to_jsonb(c.names)) as about, 0 as more, true as audit, w.*
         from changes c, wish w where cardinality(c.names) > 0
     ),",
    bump!(", name = c.name, name_key = c.name_key, description = c.description, type = c.type,
             member_limit = c.member_limit, settings = c.settings, version = r.version + 1"),
    log!("")
);

/// $12 the status it gets. Administrators of the company do it in any room but direct ones.
const MOVE: &str = concat!(
    "with ", facts!(), ",
     change as (
         select case $12 when 'archived' then 'room.archived' else 'room.restored' end as kind, '{}'::jsonb as data,
             f.my_name || case $12 when 'archived' then ' archived the room.' else ' restored the room.' end as says,
             jsonb_build_object('event', case $12 when 'archived' then 'room.archived' else 'room.restored' end,
                 'actor', $3) as about,
             0 as more, true as audit
         from facts f
         where (", rule_holds!(), ")
            or (f.company_role in ('owner', 'admin') and f.type <> 'direct' and f.status = any ($11))
     ),",
    bump!(", status = $12, archived_at = case $12 when 'archived' then $4 end, version = r.version + 1"),
    log!("")
);

impl Store {
    /// Changes what `change` says, if the room is at `version` (any, when `None`).
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn change_room(
        &self,
        act: &Act<'_>,
        change: &Change,
        version: Option<i64>,
    ) -> Result<Changed<FoundRoom>, Error> {
        let shared = Shared::new(Action::Edit.rule())?;
        let name = change.name.as_ref().map(|name| name.as_str().to_owned());
        let key = change.name.as_ref().map(domain::room::RoomName::key);
        let description = change
            .description
            .as_ref()
            .map(|text| text.as_str().to_owned());
        let kind = change.kind.map(Kind::as_str);
        let limit = change.member_limit.map(domain::room::MemberLimit::get);
        let settings = serde_json::to_value(&change.settings)
            .map_err(|error| Error::Corrupt(error.to_string()))?;
        let mut params = shared.params(act);
        params.extend([
            (&name as _, Type::TEXT),
            (&key as _, Type::TEXT),
            (&description as _, Type::TEXT),
            (&kind as _, Type::TEXT),
            (&limit as _, Type::INT4),
            (&settings as _, Type::JSONB),
            (&version as _, Type::INT8),
        ]);
        locked(self, act, UPDATE, &params).await?.answer(
            |_, found| Ok(found),
            |_, found| Ok(why_not(found, change, version)),
        )
    }

    /// Makes the room read-only.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn archive_room(&self, act: &Act<'_>) -> Result<Changed<FoundRoom>, Error> {
        self.move_room(act, Action::Archive, "archived").await
    }

    /// Takes it back into use.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn restore_room(&self, act: &Act<'_>) -> Result<Changed<FoundRoom>, Error> {
        self.move_room(act, Action::Restore, "active").await
    }

    async fn move_room(
        &self,
        act: &Act<'_>,
        action: Action,
        status: &str,
    ) -> Result<Changed<FoundRoom>, Error> {
        let shared = Shared::new(action.rule())?;
        let mut params = shared.params(act);
        params.push((&status as _, Type::TEXT));
        let reason = |found: &FoundRoom| {
            if found.company_role.administers() && found.room.kind != Kind::Direct {
                let access = domain::room::Access::Full;
                return domain::room::check(Role::Creator, access, found.room.status, action).err();
            }
            rows::refusal(found, action)
        };
        locked(self, act, MOVE, &params)
            .await?
            .answer(|_, found| Ok(found), |_, found| Ok(reason(found)))
    }
}

fn why_not(found: &FoundRoom, change: &Change, version: Option<i64>) -> Option<Refusal> {
    if let Some(refusal) = rows::refusal(found, Action::Edit) {
        return Some(refusal);
    }
    let room = &found.room;
    let creator = found.seat.is_some_and(|seat| seat.role == Role::Creator);
    let retyped = change.kind.is_some_and(|kind| kind != room.kind);
    if room.kind == Kind::Direct || (retyped && !creator) {
        return Some(Refusal::Role);
    }
    if version.is_some_and(|version| version != room.version) {
        return Some(Refusal::Stale {
            version: room.version,
        });
    }
    let limit = change.member_limit.map(domain::room::MemberLimit::get);
    limit
        .is_some_and(|limit| limit < room.member_count)
        .then_some(Refusal::Crowded {
            members: room.member_count,
        })
}
