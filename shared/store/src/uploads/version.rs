//! An upload that is a new version of a file: said so at its beginning; at its end the former content is kept, and
//! every room that shows the file hears of it.

use domain::file::File;
use domain::upload::{State, Step, Upload};
use domain::{CompanyId, FileId, UploadId, UserId};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::By;
use super::row::{self, corrupt};
use crate::files::sql::{self, content_columns, file_columns, file_json, logged, told};
use crate::files::versions::keep_content;
use crate::files::{FileEvent, file};
use crate::{Error, Store, flight};

/// What a verified object becomes.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The file that it is a version of.
    pub file: FileId,
    /// What makes equal content equal; `None` when the client brought no checksums.
    pub identity: Option<&'a str>,
    /// S3's CRC64NVME of the whole, when it made one.
    pub crc64: Option<&'a str>,
    /// The id of the audit log's line about the file.
    pub line: Uuid,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Versioned {
    /// It is today's content.
    New {
        /// The file as it is now.
        file: Box<File>,
        /// The event, in every room that shows the file.
        event: FileEvent,
        /// Whether the company had the same content already: the object of this upload is not needed.
        duplicate: bool,
    },
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
/// calls the step.
const COMPLETE: &str = concat!(
    "with up as (select * from uploads where company_id = $1 and id = $11),
     verdict as (
         select case
             when up.state = 'completed' then 'already'
             when up.state <> 'completing' then 'ended'
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
         insert into blobs (company_id, id, key, size, identity, crc64, detected_type, blocked_as, preview, scan_status,
             scanned_at, refs, created_at)
         select $1, blob_id, key, size, $12, $13, detected_type, blocked_as, preview,
             coalesce(scan_status, 'not_scanned'), scanned_at, 1, $4
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
             swept_at = case when blob.id = go.blob_id then $4 end
         from go, blob where uploads.company_id = $1 and uploads.id = go.id
     ),
     noted as (
         insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
         select $1, $14, $4, $2, $15, 'upload', $11, $6, $7 from go
     )
     select v.outcome, up.state, (select blob.id <> go.blob_id from blob, go) as duplicate, ", file_columns!(), ",
         told.rooms, told.seqs, told.payload
     from verdict v cross join up
     left join made f on true ",
    told!()
);

impl Store {
    /// Says that a session of `user` that has just begun is a new version of `file`, if that is an available file of
    /// its room.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn upload_replaces(
        &self,
        company: CompanyId,
        user: UserId,
        upload: UploadId,
        file: FileId,
    ) -> Result<bool, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&upload.0 as _, Type::UUID),
            (&file.0 as _, Type::UUID),
        ];
        let done = self
            .db()
            .await?
            .rows(
                "update uploads up set replaces = f.id from files f
                 where up.company_id = $1 and up.uploader_id = $2 and up.id = $3
                   and f.company_id = $1 and f.id = $4 and f.room_id = up.room_id and f.status = 'available'
                 returning up.id",
                &params,
            )
            .await?;
        Ok(!done.is_empty())
    }

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
        let [roles, accesses, statuses] = row::may_upload();
        let params = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.uploader.0 as _, Type::UUID),
            (&done.file.0 as _, Type::UUID),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&done.line as _, Type::UUID),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
            (&roles as _, Type::TEXT_ARRAY),
            (&accesses as _, Type::TEXT_ARRAY),
            (&statuses as _, Type::TEXT_ARRAY),
            (&upload.id.0 as _, Type::UUID),
            (&done.identity as _, Type::TEXT),
            (&done.crc64 as _, Type::TEXT),
            (&by.line as _, Type::UUID),
            (&Step::Complete.audited() as _, Type::TEXT),
        ];
        let rooms = [
            (&upload.company.0 as _, Type::UUID),
            (&done.file.0 as _, Type::UUID),
        ];
        let company = [(&upload.company.0 as _, Type::UUID)];
        let db = self.db().await?;
        let (_, _, rows) = flight!(
            db,
            rooms_locked = db.rows(sql::LOCK, &rooms),
            company_locked = db.rows(LOCK_COMPANY, &company),
            rows = db.rows(COMPLETE, &params),
        )?;
        let row = rows.first().ok_or_else(|| corrupt("upload", "not there"))?;
        let state: &str = row.try_get("state")?;
        Ok(match row.try_get("outcome")? {
            "ok" => Versioned::New {
                file: Box::new(file(row)?),
                event: crate::files::told(row, "file.version_added")?
                    .ok_or_else(|| corrupt("event", "not there"))?,
                duplicate: row.try_get("duplicate")?,
            },
            "already" => Versioned::Already,
            "refused" => Versioned::Refused,
            "gone" => Versioned::Gone,
            _ => Versioned::Ended(State::parse(state).ok_or_else(|| corrupt("state", state))?),
        })
    }
}
