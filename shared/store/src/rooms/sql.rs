//! The parts that the statements of rooms are made of.
//!
//! Parameters of every change: $1 company, $2 room, $3 who asks, $4 now, $5 a fresh id, $6 the default
//! settings, $7 address, $8 request id, $9 to $11 roles, accesses and states that the permission table allows.
//! Own parameters begin at $12.
//!
//! A change says what happened in a CTE `change` of at most one row: kind, data, says (the text of the
//! system message, null for none), about (its metadata), more (change of member_count), audit.

use domain::room::Settings;
use serde_json::Value;

use crate::Error;

/// Orders the writers of a room. Whatever the next statement reads is younger than this lock.
pub(super) const LOCK: &str =
    "select 1 from rooms where company_id = $1 and id = $2 for no key update";

/// The default settings as JSON, which those of a room are laid over.
pub(super) fn default_settings() -> Result<Value, Error> {
    serde_json::to_value(Settings::default()).map_err(|error| Error::Corrupt(error.to_string()))
}

/// A time as the API writes it.
macro_rules! json_time {
    ($time:literal) => {
        concat!(
            "to_char(",
            $time,
            " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        )
    };
}

/// A room in the shape of `wire`'s `RoomFacts`.
macro_rules! room_json {
    ($r:literal) => {
        concat!(
            "jsonb_build_object('id', ",
            $r,
            ".id, 'type', ",
            $r,
            ".type, 'status', ",
            $r,
            ".status,
            'name', ",
            $r,
            ".name, 'description', ",
            $r,
            ".description, 'member_limit', ",
            $r,
            ".member_limit,
            'member_count', ",
            $r,
            ".member_count, 'message_count', ",
            $r,
            ".message_count,
            'settings', $6 || ",
            $r,
            ".settings, 'created_by', ",
            $r,
            ".created_by,
            'created_at', ",
            json_time_of!($r, ".created_at"),
            ",
            'archived_at', ",
            json_time_of!($r, ".archived_at"),
            ",
            'last_activity_at', ",
            json_time_of!($r, ".last_activity_at"),
            ",
            'last_seq', ",
            $r,
            ".last_seq, 'version', ",
            $r,
            ".version)"
        )
    };
}

macro_rules! json_time_of {
    ($table:literal, $column:literal) => {
        concat!(
            "to_char(",
            $table,
            $column,
            " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        )
    };
}

/// A message in the shape of `wire`'s `MessageView`.
macro_rules! message_json {
    ($m:literal) => {
        concat!(
            "jsonb_build_object('id', ",
            $m,
            ".id, 'room_id', ",
            $m,
            ".room_id, 'seq', ",
            $m,
            ".seq,
            'author', ",
            $m,
            ".author_id, 'kind', ",
            $m,
            ".kind, 'content', ",
            $m,
            ".content,
            'reply_to', ",
            $m,
            ".reply_to, 'metadata', ",
            $m,
            ".metadata, 'attachments', case when ",
            $m,
            ".attachment_count > 0 then attachments_2(",
            $m,
            ".id) else '[]'::jsonb end, 'client_id', ",
            $m,
            ".client_id,
            'created_at', ",
            json_time_of!($m, ".created_at"),
            ",
            'edited_at', ",
            json_time_of!($m, ".edited_at"),
            ",
            'deleted_at', ",
            json_time_of!($m, ".deleted_at"),
            ")"
        )
    };
}

/// A person in the shape of `wire`'s `MemberView`.
macro_rules! member_json {
    ($p:literal, $joined_at:literal) => {
        concat!(
            "jsonb_build_object('user_id', ",
            $p,
            ".user_id, 'full_name', ",
            $p,
            ".full_name,
            'handle', ",
            $p,
            ".handle, 'role', ",
            $p,
            ".role, 'access', ",
            $p,
            ".access,
            'joined_at', ",
            json_time!($joined_at),
            ")"
        )
    };
}

/// What is known of a room `r` to the person `u` who sits there as `m`, in the names that rows.rs reads.
macro_rules! room_columns {
    () => {
        "u.role as company_role, u.full_name as my_name, u.handle as my_handle, m.role as my_role,
         m.access as my_access, m.read_seq, m.read_count,
         r.id, r.type, r.status, r.name, r.name_key, r.description, r.member_limit, r.member_count,
         r.message_count, r.settings, r.created_by, r.created_at, r.archived_at, r.last_activity_at,
         r.last_seq, r.version"
    };
}

/// The newest message of room `r`, as a lateral join, for those who sit there.
macro_rules! last_message {
    () => {
        concat!(
            "left join lateral (
                 select ",
            message_json!("x"),
            " as last_message from messages x
                 where x.room_id = r.id and m.user_id is not null order by x.seq desc limit 1
             ) newest on true"
        )
    };
}

/// One row, always: who $3 is, and the room $2 as they find it, with nulls for what does not exist.
macro_rules! facts {
    () => {
        concat!(
            "facts as (
                 select ",
            room_columns!(),
            ", newest.last_message
                 from (select) as one
                 left join users u on u.company_id = $1 and u.id = $3 and u.status = 'active'
                 left join rooms r on r.company_id = $1 and r.id = $2 and r.status <> 'deleted'
                 left join room_members m on m.room_id = r.id and m.user_id = u.id ",
            last_message!(),
            ")"
        )
    };
}

/// The permission table's row holds for them.
macro_rules! rule_holds {
    () => {
        "f.my_role = any ($9) and f.my_access = any ($10) and f.status = any ($11)"
    };
}

/// Takes the next number of the log for the change, if there is one; `$set` adds columns.
macro_rules! bump {
    ($set:literal) => {
        concat!(
            "bumped as (
                 update rooms r
                 set last_seq = r.last_seq + 1, last_activity_at = greatest(r.last_activity_at, $4),
                     member_count = r.member_count + c.more", $set, "
                 from change c
                 where r.company_id = $1 and r.id = $2
                 returning r.*, c.kind as event, c.data, c.says, c.about, c.audit
             )"
        )
    };
}

/// Inserts the event of `bumped`, its system message and its line of the audit log; ends the statement with the
/// facts and the event. `$more` are columns of the answer besides.
macro_rules! log {
    ($more:literal) => {
        concat!(
            ", told as (
                 insert into messages (company_id, id, room_id, seq, ordinal, kind, content, metadata, created_at)
                 select $1, $5, $2, b.last_seq, b.message_count, 'system', b.says, b.about, $4
                 from bumped b where b.says is not null
                 returning *
             ),
             logged as (
                 insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
                 select $1, $2, b.last_seq, b.event, $3, b.data
                     || case when b.event like 'room.%' then jsonb_build_object('room', ", room_json!("b"), ")
                             else jsonb_build_object('member_count', b.member_count) end
                     || coalesce((select jsonb_build_object('message', ", message_json!("t"), ") from told t), '{}'), $4
                 from bumped b
                 returning seq, type, payload
             ),
             audited as (
                 insert into audit_log
                     (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
                 select $1, $5, $4, $3, b.event, 'room', $2, $7, $8, b.about from bumped b where b.audit
             )
             select f.*, l.seq as event_seq, l.type as event_type, l.payload as event_data, ",
            room_json!("b"), " as room_after", $more, "
             from facts f left join bumped b on true left join logged l on true"
        )
    };
}

pub(crate) use json_time_of;
pub(super) use {
    bump, facts, json_time, last_message, log, member_json, message_json, room_columns, room_json,
    rule_holds,
};
