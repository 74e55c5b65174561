//! An upload that is a new version of a file: said so at its beginning; at its end the former content is kept, and
//! every room that shows the file hears of it.

use domain::FileId;
use domain::room::Action;
use domain::upload::{State, Step, Upload};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::By;
use super::finish::Became;
use super::made::{self, Happened};
use super::row::corrupt;
use crate::files::file;
use crate::files::sql::{self, content_columns, file_columns, file_json, logged, told};
use crate::files::versions::keep_content;
use crate::rule::Words;
use crate::{Error, Logged, Store, flight};

/// What a verified object becomes.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The file that it is a version of.
    pub file: FileId,
    /// What makes equal content equal; `None` when the client brought no checksums.
    pub identity: Option<&'a str>,
    /// S3's CRC64NVME of the whole, when it made one.
    pub crc64: Option<&'a str>,
    /// The composite checksum that the parts had to give, when it is known.
    pub expected: Option<&'a str>,
    /// The ids of the audit log's lines about the file and about the joining.
    pub lines: [Uuid; 2],
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Versioned {
    /// It is today's content, and every room that shows the file was told.
    New(Box<Became>),
    /// It had become a version before.
    Already,
    /// The session has ended otherwise.
    Ended(State),
    /// The uploader may not send to the room any more.
    Refused,
    /// The file was deleted or held back meanwhile.
    Gone,
}

const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

/// $1 company, $2 who sent it, $3 the file, $4 now, $5 a fresh id, $6 address, $7 request id, $8 to $10 the permission
/// table's row for uploading, $11 the upload, $12 identity, $13 checksum, $14 another fresh id, $15 what the audit log
/// calls the step, $16 the states that it may be taken from, $17 a third fresh id, $18 the checksum that the parts had
/// to give.
const COMPLETE: &str = concat!(
    "with up as (select * from uploads where company_id = $1 and id = $11),
     verdict as (
         select case
             when up.state = 'completed' then 'already'
             when up.state <> all ($16) then 'ended'
             when m.role is null or m.role <> all ($8) or m.access <> all ($9) or r.status <> all ($10)
                  or u.status <> 'active' then 'refused'
             when f.status is distinct from 'available' then 'gone'
             else 'ok'
         end as outcome
         from up
         join rooms r on r.company_id = $1 and r.id = up.room_id
         join users u on u.company_id = $1 and u.id = up.uploader_id
         left join room_members m on m.company_id = $1 and m.room_id = up.room_id and m.user_id = up.uploader_id
         left join files f on f.company_id = $1 and f.id = $3
     ),
     go as (select up.* from up, verdict where outcome = 'ok'),
     found as (select f.* from files f, go where f.company_id = $1 and f.id = $3),
     blob as (
         insert into blobs (company_id, id, key, size, identity, crc64, detected_type, blocked_as, refs, created_at)
         select $1, blob_id, key, size, $12, $13, detected_type, blocked_as, 1, $4
         from go
         on conflict (company_id, identity) where identity is not null do update set refs = blobs.refs + 1
         returning blobs.id, blobs.refs, ", content_columns!("blobs"), "
     ),
     kept as (", keep_content!("found"), "),
     touched as (
         update files f
         set blob_id = blob.id, upload_id = go.id, content_type = go.content_type, size = go.size,
             status = case when blob.blocked_as is null then 'available' else 'quarantined' end, released_at = null,
             version = f.version + 1, revision = f.revision + 1, restored_from = null, sent_by = go.uploader_id,
             sent_at = $4
         from go, blob where f.company_id = $1 and f.id = $3
         returning f.*
     ),
     made as (select t.*, ", content_columns!("b"), " from touched t join blob b on b.id = t.blob_id)",
    logged!(
        "'file.version_added'",
        concat!("jsonb_build_object('file', ", file_json!(), ")"),
        "jsonb_build_object('version', f.version)"
    ),
    ",
     news as (
         insert into file_news (company_id, file_id, blob_id, what, value)
         select $1, f.id, f.blob_id, 'preview', f.preview ->> 'state' from made f where f.preview is not null
         union all
         select $1, f.id, f.blob_id, 'scan', f.scan_status from made f where f.scan_status <> 'not_scanned'
         on conflict do nothing
     ),
     counted as (
         update companies c set storage_reserved = c.storage_reserved - go.reserved,
             -- Content that nothing referred to counts again.
             storage_used = c.storage_used + case when blob.refs = 1 then go.size else 0 end
         from go, blob where c.id = $1
     ),
     ended as (
         update uploads set state = 'completed', reserved = 0, file_id = $3, ended_at = $4,
             expected = coalesce($18, go.expected),
             swept_at = case when blob.id = go.blob_id then $4 end
         from go, blob where uploads.company_id = $1 and uploads.id = go.id
     ),
     noted as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, $17, $4, $2, 'upload.joined', 'upload', $11, $6, $7,
             jsonb_build_object('from', go.state, 'to', 'completing')
         from go where go.state <> 'completing'
         union all
         select $1, $14, $4, $2, $15, 'upload', $11, $6, $7,
             jsonb_build_object('from', 'completing', 'to', 'completed')
         from go
     ),
     attached as (
         update message_attachments a set file_id = $3 from go where a.company_id = $1 and a.upload_id = go.id
     )
     select v.outcome, up.state, (select blob.id <> go.blob_id from blob, go) as duplicate,
         exists (select from uploads w where w.company_id = $1 and w.uploader_id = $2 and w.state = 'pending'
                     and w.batch_id is not null) as waits, ", file_columns!(), ",
         told.rooms, told.seqs, told.payloads
     from verdict v cross join up
     left join made f on true ",
    told!()
);

/// What follows it, by statements of their own: they move rows that the first one has moved. $1 company, $2 upload, $3
/// now, $4 what each plan allows. No row when it was completed otherwise, or before.
const AFTER: &str = "
    select log_attachments_1($1, up.room_id, up.id, up.uploader_id, $3) as events, note_storage_1($1, $4, $3) as told
    from uploads up
    where up.company_id = $1 and up.id = $2 and up.state = 'completed' and up.ended_at = $3";

impl Store {
    /// Makes a joined and verified upload today's content of its file, once however often it is called.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn complete_version(
        &self,
        upload: &Upload,
        done: &NewVersion<'_>,
        by: &By<'_>,
    ) -> Result<Versioned, Error> {
        let rule = Words::from(Action::Upload.rule());
        let params = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.uploader.0 as _, Type::UUID),
            (&done.file.0 as _, Type::UUID),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&done.lines[0] as _, Type::UUID),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
            (&rule.roles as _, Type::TEXT_ARRAY),
            (&rule.accesses as _, Type::TEXT_ARRAY),
            (&rule.statuses as _, Type::TEXT_ARRAY),
            (&upload.id.0 as _, Type::UUID),
            (&done.identity as _, Type::TEXT),
            (&done.crc64 as _, Type::TEXT),
            (&by.line as _, Type::UUID),
            (&Step::Complete.audited() as _, Type::TEXT),
            (&Step::Join.sources() as _, Type::TEXT_ARRAY),
            (&done.lines[1] as _, Type::UUID),
            (&done.expected as _, Type::TEXT),
        ];
        let after = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.id.0 as _, Type::UUID),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&made::plans() as _, Type::JSONB),
        ];
        let rooms = [
            (&upload.company.0 as _, Type::UUID),
            (&done.file.0 as _, Type::UUID),
        ];
        let company = [(&upload.company.0 as _, Type::UUID)];
        let db = self.db().await?;
        let (_, _, rows, after) = flight!(
            db,
            rooms_locked = db.rows(sql::LOCK, &rooms),
            company_locked = db.rows(LOCK_COMPANY, &company),
            rows = db.rows(COMPLETE, &params),
            after = db.rows(AFTER, &after),
        )?;
        let row = rows.first().ok_or_else(|| corrupt("upload", "not there"))?;
        versioned(row, after.first(), upload, by)
    }
}

/// What came of it, and what followed.
fn versioned(
    row: &Row,
    after: Option<&Row>,
    upload: &Upload,
    by: &By<'_>,
) -> Result<Versioned, Error> {
    let state: &str = row.try_get("state")?;
    Ok(match row.try_get("outcome")? {
        "ok" => Versioned::New(Box::new(Became {
            file: file(row)?,
            happened: happened(row, after, upload, by)?,
            duplicate: row.try_get("duplicate")?,
            waits: row.try_get("waits")?,
        })),
        "already" => Versioned::Already,
        "refused" => Versioned::Refused,
        "gone" => Versioned::Gone,
        _ => Versioned::Ended(State::parse(state).ok_or_else(|| corrupt("state", state))?),
    })
}

/// The version's event in every room that shows the file, then what followed.
fn happened(
    row: &Row,
    after: Option<&Row>,
    upload: &Upload,
    by: &By<'_>,
) -> Result<Happened, Error> {
    let event = crate::files::told(row, "file.version_added")?;
    let event = event.ok_or_else(|| corrupt("event", "not there"))?;
    let mut happened = match after {
        Some(row) => Happened::read(row.try_get("events")?, row.try_get("told")?, by.origin.at)?,
        None => Happened::default(),
    };
    let told = event.places.into_iter().map(|(room, seq, data)| Logged {
        room: Some(room),
        seq,
        kind: event.kind.to_owned(),
        actor: Some(upload.uploader),
        payload: data,
        at: by.origin.at,
    });
    happened.events.splice(..0, told);
    Ok(happened)
}
