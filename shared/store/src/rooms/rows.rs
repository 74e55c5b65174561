//! From rows to facts.

use domain::company::CompanyRole;
use domain::room::{
    Access, Action, Kind, Member, Refusal, Role, Room, Seat, Settings, Status, check, visible,
};
use domain::{RoomId, UserId};
use serde_json::Value;
use tokio_postgres::Row;

use super::{Answer, FoundRoom, RoomEvent};
use crate::Error;

/// The room as the person finds it, or why they do not.
pub(super) fn found(row: &Row) -> Result<Answer<FoundRoom>, Error> {
    let Some(company_role) = company_role(row)? else {
        return Ok(Err(Refusal::Inactive));
    };
    let Some(found) = room(row, company_role)? else {
        return Ok(Err(Refusal::NoRoom));
    };
    let seat = found.seat.map(|seat| (seat.role, seat.access));
    if visible(found.room.kind, company_role, seat) {
        Ok(Ok(found))
    } else {
        Ok(Err(Refusal::NoRoom))
    }
}

/// What the person is in the company; `None` when they are not active in it.
pub(super) fn company_role(row: &Row) -> Result<Option<CompanyRole>, Error> {
    let role: Option<&str> = row.try_get("company_role")?;
    role.map(|role| role.parse().map_err(corrupt)).transpose()
}

/// The room of a row that has `room_columns!`; `None` when there is none.
pub(super) fn room(row: &Row, company_role: CompanyRole) -> Result<Option<FoundRoom>, Error> {
    let Some(id) = row.try_get::<_, Option<_>>("id")? else {
        return Ok(None);
    };
    let settings: Value = row.try_get("settings")?;
    let room = Room {
        id: RoomId(id),
        kind: word(row, "type", Kind::parse)?,
        status: word(row, "status", Status::parse)?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        member_limit: row.try_get("member_limit")?,
        member_count: row.try_get("member_count")?,
        message_count: row.try_get("message_count")?,
        settings: serde_json::from_value::<Settings>(settings).map_err(corrupt)?,
        created_by: UserId(row.try_get("created_by")?),
        created_at: row.try_get("created_at")?,
        archived_at: row.try_get("archived_at")?,
        last_activity_at: row.try_get("last_activity_at")?,
        last_seq: row.try_get("last_seq")?,
        version: row.try_get("version")?,
    };
    Ok(Some(FoundRoom {
        seat: seat(row, room.message_count)?,
        room,
        company_role,
        last_message: row.try_get("last_message")?,
    }))
}

/// The event that a change logged, if it did.
pub(super) fn logged(row: &Row) -> Result<Option<RoomEvent>, Error> {
    let Some(seq) = row.try_get("event_seq")? else {
        return Ok(None);
    };
    Ok(Some(RoomEvent {
        seq,
        kind: row.try_get("event_type")?,
        data: row.try_get("event_data")?,
        room: row.try_get("room_after")?,
    }))
}

/// A member of a row with `user_id`, `full_name`, `handle`, `role`, `access`, `joined_at` behind `prefix`.
pub(super) fn member(row: &Row, prefix: &str) -> Result<Option<Member>, Error> {
    let name = |column: &str| format!("{prefix}{column}");
    let Some(user) = row.try_get::<_, Option<_>>(name("user_id").as_str())? else {
        return Ok(None);
    };
    Ok(Some(Member {
        user: UserId(user),
        full_name: row.try_get(name("full_name").as_str())?,
        handle: row.try_get(name("handle").as_str())?,
        role: word(row, &name("role"), Role::parse)?,
        access: word(row, &name("access"), Access::parse)?,
        joined_at: row.try_get(name("joined_at").as_str())?,
    }))
}

/// Why someone who finds the room may not do `action` there, if so.
pub(super) fn refusal(found: &FoundRoom, action: Action) -> Option<Refusal> {
    match found.seat {
        None => Some(Refusal::NotMember),
        Some(seat) => check(seat.role, seat.access, found.room.status, action).err(),
    }
}

fn seat(row: &Row, message_count: i64) -> Result<Option<Seat>, Error> {
    if row.try_get::<_, Option<&str>>("my_role")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Seat {
        role: word(row, "my_role", Role::parse)?,
        access: word(row, "my_access", Access::parse)?,
        read_seq: row.try_get("read_seq")?,
        unread: message_count - row.try_get::<_, i64>("read_count")?,
    }))
}

fn word<T>(row: &Row, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
    let word: &str = row.try_get(column)?;
    parse(word).ok_or_else(|| Error::Corrupt(format!("{column} {word:?}")))
}

fn corrupt(error: impl std::fmt::Display) -> Error {
    Error::Corrupt(error.to_string())
}
