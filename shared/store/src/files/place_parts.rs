//! The parts that the statements of a file in one room, or in a thread of it, are made of.
//!
//! Parameters: $1 company, $2 who asks, $3 the file, $4 now, $5 a fresh id, $6 address, $7 request id, $8 to $10 roles,
//! accesses and states that the permission table allows, $11 the room (or what names it), $12 roles that manage others'
//! files there, $13 how many pins a room has at most.

use domain::file::MAX_PINS;
use domain::room::Action;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{FileAct, List};
use crate::rule::Words;

/// Locks the room `$room` and those that show the file $2, in one order for all.
macro_rules! lock {
    ($room:literal) => {
        concat!(
            "select 1 from rooms r
             where r.company_id = $1
               and (r.id = ",
            $room,
            " or r.id in (select p.room_id from file_places p where p.company_id = $1 and p.file_id = $2))
             order by r.id for no key update"
        )
    };
}

/// The file, who $2 is in the room `$room`, and whether it is shown and pinned there, with `$more` from `$joined`; one
/// row of `w`, always.
macro_rules! in_room {
    ($room:expr, $more:expr, $joined:expr) => {
        concat!(
            "with found as (
                 select f.*, ",
            crate::files::sql::content_columns!("b"),
            " from files f join blobs b on b.company_id = f.company_id and b.id = f.blob_id
                 where f.company_id = $1 and f.id = $3 and f.status <> 'deleted'
             ),
             w as (
                 select u.role as company_role, r.id as there, r.type as room_type, r.status as room_status,
                     m.role as my_role, m.access as my_access, ",
            crate::files::sql::readable_file!("f.id"),
            " as readable, p.file_id is not null as shown, f.room_id = r.id as home,
                     p.added_by = $2 or f.uploader_id = $2 as mine, n.file_id is not null as pinned,
                     (select count(*) from file_pins c where c.room_id = r.id) as pins",
            $more,
            " from (select) as one
                 left join found f on true
                 left join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
                 left join rooms r on r.company_id = $1 and r.id = ",
            $room,
            " and r.status <> 'deleted'
                 left join room_members m on m.room_id = r.id and m.user_id = u.id
                 left join file_places p on p.room_id = r.id and p.file_id = f.id
                 left join file_pins n on n.room_id = r.id and n.file_id = f.id ",
            $joined,
            "),
             -- Materialized: what a function does must not come before who may is known.
             may as materialized (
                 select f.* from found f, w
                 where w.readable and w.my_role = any ($8) and w.my_access = any ($9) and w.room_status = any ($10)"
        )
    };
}

/// Behind `touched` (the file): the event in the room, the line of the audit log, the answer.
macro_rules! log_there {
    ($kind:literal, $data:expr, $detail:literal) => {
        concat!(
            ", moved as (
                 update rooms r
                 set last_seq = r.last_seq + 1, last_activity_at = greatest(r.last_activity_at, $4)
                 from touched f, w where r.company_id = $1 and r.id = w.there
                 returning r.id, r.last_seq
             ),
             logged as (
                 insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
                 select $1, moved.id, moved.last_seq, '", $kind, "', $2, ", $data, ", $4 from moved, touched f
                 returning room_id, seq, payload
             ),
             audited as (
                 insert into audit_log
                     (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
                 select $1, $5, $4, $2, '", $kind, "', 'file', f.id, $6, $7, jsonb_build_object(", $detail, ")
                 from touched f, w
             )
             select w.*, case when l.seq is not null then array[l.room_id] end as rooms,
                 case when l.seq is not null then array[l.seq] end as seqs,
                 case when l.seq is not null then array[l.payload] end as payloads,
                 exists (select from found) as found
             from w left join logged l on true"
        )
    };
    ($kind:literal, $data:expr) => {
        log_there!($kind, $data, "'room', w.there")
    };
}

/// Behind `may` (the file): shows it there.
macro_rules! shown_there {
    () => {
        concat!(
            ", touched as (
                 select f.* from may f cross join w cross join lateral show_file_1($1, w.there, f.id, $2, $4) as shown
             )",
            crate::files::place_parts::log_there!(
                "file.shown",
                concat!(
                    "jsonb_build_object('file', ",
                    crate::files::sql::file_json!(),
                    ")"
                )
            )
        )
    };
}
pub(super) use {in_room, lock, log_there, shown_there};

/// What the permission table says about an action in a room.
pub(super) struct Rules {
    action: Words,
    managers: Vec<&'static str>,
}

impl Rules {
    pub(super) fn of(action: Action) -> Self {
        Self {
            action: Words::from(action.rule()),
            managers: Words::from(Action::ManageFiles.rule()).roles,
        }
    }

    /// $1 to $13, with this line for the audit log and this `place`.
    pub(super) fn params<'a>(
        &'a self,
        act: &'a FileAct<'a>,
        line: &'a Uuid,
        place: &'a Uuid,
    ) -> List<'a> {
        vec![
            (&act.company.0 as _, Type::UUID),
            (&act.actor.0 as _, Type::UUID),
            (&act.file.0 as _, Type::UUID),
            (&act.origin.at as _, Type::TIMESTAMPTZ),
            (line as _, Type::UUID),
            (&act.origin.address as _, Type::TEXT),
            (&act.origin.request_id as _, Type::TEXT),
            (&self.action.roles as _, Type::TEXT_ARRAY),
            (&self.action.accesses as _, Type::TEXT_ARRAY),
            (&self.action.statuses as _, Type::TEXT_ARRAY),
            (place as _, Type::UUID),
            (&self.managers as _, Type::TEXT_ARRAY),
            (&MAX_PINS as _, Type::INT8),
        ]
    }
}

/// The parameters of the lock.
pub(super) fn locked<'a>(act: &'a FileAct<'a>, place: &'a Uuid) -> List<'a> {
    vec![
        (&act.company.0 as _, Type::UUID),
        (&act.file.0 as _, Type::UUID),
        (place as _, Type::UUID),
    ]
}
