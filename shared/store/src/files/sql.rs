//! The parts that the statements of files are made of.
//!
//! Parameters of every change: $1 company, $2 who asks, $3 the file, $4 now, $5 a fresh id, $6 address, $7 request id,
//! $8 and $9 roles that may with an own file and with another's, $10 accesses, $11 states of the room, $12 whether
//! administrators of the company may, $13 the states of the file. Own parameters begin at $14.

pub(crate) use crate::rooms::sql::json_time_of;

/// The columns of a file `f` with what its content was found to be.
macro_rules! file_columns {
    () => {
        "f.id, f.room_id, f.uploader_id, f.upload_id, f.name, f.description, f.metadata, f.content_type, f.size, \
         f.status, f.version, f.revision, f.seq, f.created_at, coalesce(f.sent_by, f.uploader_id) as sent_by, \
         coalesce(f.sent_at, f.created_at) as sent_at, f.deleted_by, f.deleted_at, f.detected_type, f.blocked_as, \
         f.preview, f.scan_status"
    };
}

/// What is known of the content `$b`: the other half of `file_columns!`.
macro_rules! content_columns {
    ($b:literal) => {
        concat!(
            $b,
            ".detected_type, ",
            $b,
            ".blocked_as, ",
            $b,
            ".preview, ",
            $b,
            ".scan_status"
        )
    };
}

/// A file `f` in the shape of `wire`'s `FileView`.
macro_rules! file_json {
    () => {
        concat!(
            "jsonb_build_object('id', f.id, 'room_id', f.room_id, 'uploader_id', f.uploader_id,
                'upload_id', f.upload_id, 'name', f.name, 'description', f.description, 'metadata', f.metadata,
                'content_type', f.content_type, 'size', f.size, 'status', f.status, 'blocked_as', f.blocked_as,
                'scan_status', f.scan_status, 'preview', coalesce(f.preview,
                    '{\"state\":\"pending\",\"reason\":null,\"kind\":null,\"renditions\":[],\"details\":{}}'),
                'version', f.version, 'revision', f.revision,
                'sent_by', coalesce(f.sent_by, f.uploader_id), 'sent_at', coalesce(",
            crate::files::sql::json_time_of!("f", ".sent_at"),
            ", ",
            crate::files::sql::json_time_of!("f", ".created_at"),
            "), 'created_at', ",
            crate::files::sql::json_time_of!("f", ".created_at"),
            ")"
        )
    };
}

/// Every file with its content; filters go behind.
macro_rules! files {
    () => {
        concat!(
            "(select f.*, b.key, ",
            crate::files::sql::content_columns!("b"),
            " from files f
              join blobs b on b.company_id = f.company_id and b.id = f.blob_id
              where f.status <> 'deleted') f"
        )
    };
}

/// The rooms `r` that the active person $2 of the company $1 may read.
macro_rules! readable_rooms {
    () => {
        "rooms r
         join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
         left join room_members mine on mine.room_id = r.id and mine.user_id = u.id
         where r.company_id = $1 and r.status <> 'deleted'
           and (mine.user_id is not null or (r.type = 'public' and u.role <> 'guest'))"
    };
}

/// The same person may read a room that shows the file called `$id`.
macro_rules! readable_file {
    ($id:literal) => {
        concat!(
            "exists (select from ",
            crate::files::sql::readable_rooms!(),
            " and r.id in (select p.room_id from file_places p where p.file_id = ",
            $id,
            "))"
        )
    };
}

/// What a person is to a file `f` besides the file itself: the columns that rows.rs reads a standing from, and the
/// rooms that show it to them. From `w`.
macro_rules! standing_columns {
    () => {
        "w.company_role, w.my_role, w.my_access, w.room_type, w.room_status, w.readable, f.downloads, w.shown_in, \
         w.in_threads"
    };
}

/// Who $2 is to the file `found`: one row, always.
macro_rules! standing {
    () => {
        concat!(
            "w as (
                 select u.role as company_role, m.role as my_role, m.access as my_access, r.type as room_type,
                     r.status as room_status, ",
            crate::files::sql::readable_file!("f.id"),
            " as readable,
                     array(select r.id from ",
            crate::files::sql::readable_rooms!(),
            " and r.id in (select p.room_id from file_places p where p.file_id = f.id) order by r.id) as shown_in,
                     array(select t.id from thread_files i join threads t on t.id = i.thread_id, ",
            crate::files::sql::readable_rooms!(),
            " and r.id = t.room_id and i.file_id = f.id and t.status <> 'deleted' order by t.id) as in_threads
                 from (select) as one
                 left join found f on true
                 left join users u on u.company_id = $1 and u.id = $2 and u.status = 'active'
                 left join rooms r on r.company_id = $1 and r.id = f.room_id and r.status <> 'deleted'
                 left join room_members m on m.room_id = r.id and m.user_id = u.id
             )"
        )
    };
}

/// The file $3, whatever its state, and who $2 is to it.
macro_rules! facts {
    () => {
        concat!(
            "found as (
                 select f.*, ",
            crate::files::sql::content_columns!("b"),
            " from files f
                 join blobs b on b.company_id = f.company_id and b.id = f.blob_id
                 where f.company_id = $1 and f.id = $3
             ), ",
            crate::files::sql::standing!()
        )
    };
}

/// The table's row holds for them, and the file is in a state for it.
macro_rules! rule_holds {
    () => {
        "f.status = any ($13) and w.room_status = any ($11) and (
             (w.readable and w.my_access = any ($10)
              and w.my_role = any (case when f.uploader_id = $2 then $8::text[] else $9::text[] end))
             or ($12 and w.company_role in ('owner', 'admin') and w.room_type <> 'direct')
         )"
    };
}

/// Locks every room that shows the file, in one order for all.
pub(crate) const LOCK: &str = "
    select 1 from rooms r
    where r.company_id = $1 and r.id in (select p.room_id from file_places p where p.company_id = $1 and p.file_id = $2)
    order by r.id for no key update";

/// Behind `made` (the changed file with its content): its event in every room that shows it (`moved`, in what is
/// `$data`), and its line of the audit log.
macro_rules! logged {
    ($kind:expr, $data:expr, $detail:expr) => {
        concat!(
            ",
             moved as (
                 update rooms r
                 set last_seq = r.last_seq + 1, last_activity_at = greatest(r.last_activity_at, $4)
                 from made f
                 where r.company_id = $1 and r.status <> 'deleted'
                   and r.id in (select p.room_id from file_places p where p.file_id = f.id)
                 returning r.id, r.last_seq
             ),
             logged as (
                 insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
                 select $1, moved.id, moved.last_seq, ",
            $kind,
            ", $2, ",
            $data,
            ", $4
                 from moved, made f
                 returning room_id, seq, payload
             ),
             audited as (
                 insert into audit_log
                     (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
                 select $1, $5, $4, $2, ",
            $kind,
            ", 'file', f.id, $6, $7, ",
            $detail,
            " from made f
             )"
        )
    };
}

/// The rooms that heard of it, with the event's number and data in each.
macro_rules! told {
    () => {
        "left join lateral (
             select array_agg(l.room_id order by l.room_id) as rooms, array_agg(l.seq order by l.room_id) as seqs,
                 array_agg(l.payload order by l.room_id) as payloads
             from logged l
         ) told on true"
    };
}

/// Behind `touched` (the changed row of the file): the event, the line of the audit log, the answer.
macro_rules! log {
    ($kind:expr, $data:expr, $detail:expr) => {
        concat!(
            ", made as (
                 select t.*, ",
            crate::files::sql::content_columns!("b"),
            " from touched t
                 join blobs b on b.company_id = t.company_id and b.id = t.blob_id
             )",
            crate::files::sql::logged!($kind, $data, $detail),
            " select ",
            crate::files::sql::file_columns!(),
            ", ",
            crate::files::sql::standing_columns!(),
            ", told.rooms, told.seqs, told.payloads
             from w
             left join lateral (
                 select * from made union all select * from found where not exists (select from made)
             ) f on true ",
            crate::files::sql::told!()
        )
    };
}

pub(crate) use {
    content_columns, facts, file_columns, file_json, files, log, logged, readable_file,
    readable_rooms, rule_holds, standing, standing_columns, told,
};
