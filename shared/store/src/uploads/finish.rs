//! The ends of an upload: joined by S3 and made a file, or given up.

use domain::file::File;
use domain::upload::{State, Step, Upload};
use domain::{CompanyId, FileId, UploadId};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::By;
use super::row::{self, corrupt};
use crate::files::file;
use crate::files::sql::{content_columns, file_columns};
use crate::{Error, Store, flight};

/// What a verified object becomes.
#[derive(Debug, Clone)]
pub struct Completion<'a> {
    /// The file that it becomes.
    pub file: FileId,
    /// What makes equal content equal; `None` when the client brought no checksums.
    pub identity: Option<&'a str>,
    /// S3's CRC64NVME of the whole, when it made one.
    pub crc64: Option<&'a str>,
    /// The event's data as clients read it, but for `status`, which the database puts in.
    pub payload: &'a Value,
}

/// What came of completing.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// The file is there now, with its event: its number, when it was stored, its data.
    New {
        /// The file.
        file: File,
        /// The data of its event.
        payload: Value,
        /// Whether the company had the same content already: the object of this upload is not needed.
        duplicate: bool,
    },
    /// It had become a file before.
    Already(File),
    /// The session has ended otherwise.
    Ended(State),
    /// The uploader may not send to the room any more.
    Refused,
}

const LOCK_ROOM: &str = "select 1 from rooms where company_id = $1 and id = $2 for no key update";
const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

const JOIN: &str = concat!(
    "with joined as (
         update uploads up set state = 'completing', expected = coalesce($3, up.expected), last_activity_at = $4
         where up.company_id = $1 and up.id = $2 and up.state = any ($5)
         returning ",
    row::columns!("up"),
    "),
     audited as (
         insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
         select $1, $6, $4, $7, $8, 'upload', $2, $9, $10 from joined
     )
     select * from joined"
);

const COMPLETE: &str = concat!(
    "with up as (select * from uploads where company_id = $1 and id = $2),
     verdict as (
         select case
             when up.state = 'completed' then 'already'
             when up.state <> 'completing' then 'ended'
             when m.role = any ($9) and m.access = any ($10) and r.status = any ($11) and u.status = 'active' then 'ok'
             else 'refused'
         end as outcome
         from up
         join rooms r on r.company_id = $1 and r.id = up.room_id
         join users u on u.company_id = $1 and u.id = up.uploader_id
         left join room_members m on m.company_id = $1 and m.room_id = up.room_id and m.user_id = up.uploader_id
     ),
     go as (select up.* from up, verdict where outcome = 'ok'),
     blob as (
         insert into blobs (company_id, id, key, size, identity, crc64, detected_type, blocked_as, refs, created_at)
         select $1, blob_id, key, size, $4, $5, detected_type, blocked_as, 1, $6 from go
         on conflict (company_id, identity) where identity is not null do update set refs = blobs.refs + 1
         returning blobs.id, blobs.key, ",
    content_columns!("blobs"),
    "
     ),
     moved as (
         update rooms r set last_seq = r.last_seq + 1, last_activity_at = $6
         from go where r.company_id = $1 and r.id = go.room_id
         returning r.last_seq
     ),
     made as (
         insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, status,
             seq, created_at)
         select $1, $3, go.room_id, blob.id, go.uploader_id, go.id, go.name, go.content_type, go.size,
             case when blob.blocked_as is null then 'available' else 'quarantined' end, moved.last_seq, $6
         from go, blob, moved
         returning *
     ),
     logged as (
         insert into room_events (company_id, room_id, seq, type, actor_id, payload, at)
         select $1, made.room_id, made.seq, 'file.created', made.uploader_id,
             $7::jsonb || jsonb_build_object('status', made.status, 'blocked_as', blob.blocked_as,
                 'preview', coalesce(blob.preview, $7::jsonb -> 'preview'), 'scan_status', blob.scan_status), $6
         from made, blob
         returning payload
     ),
     told as (
         insert into file_news (company_id, file_id, blob_id, what, value)
         select $1, made.id, blob.id, 'preview', blob.preview ->> 'state' from made, blob where blob.preview is not null
         union all
         select $1, made.id, blob.id, 'scan', blob.scan_status from made, blob where blob.scan_status <> 'not_scanned'
     ),
     counted as (
         update companies c set storage_reserved = c.storage_reserved - go.reserved,
             storage_used = c.storage_used + case when blob.id = go.blob_id then go.size else 0 end
         from go, blob where c.id = $1
     ),
     ended as (
         update uploads set state = 'completed', reserved = 0, file_id = $3, ended_at = $6,
             swept_at = case when blob.id = go.blob_id then $6 end
         from go, blob where uploads.company_id = $1 and uploads.id = go.id
     ),
     audited as (
         insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
         select $1, $8, $6, $12, $13, 'upload', $2, $14, $15 from go
     )
     select v.outcome, up.state, (select payload from logged) as payload,
         (select blob.id <> go.blob_id from blob, go) as duplicate, ",
    file_columns!(),
    " from verdict v, up
     left join (
         select made.*, ",
    content_columns!("blob"),
    " from made, blob
         union all
         select f.*, ",
    content_columns!("b"),
    " from files f join blobs b on b.id = f.blob_id
         where f.company_id = $1 and f.upload_id = $2
     ) f on true"
);

const END: &str = concat!(
    "with open as (
         select reserved from uploads where company_id = $1 and id = $2 and state = any ($5)
     ),
     ended as (
         update uploads up set state = $3, reserved = 0, ended_at = $4, failure = $6
         from open where up.company_id = $1 and up.id = $2
         returning ",
    row::columns!("up"),
    "),
     released as (
         update companies c set storage_reserved = c.storage_reserved - open.reserved from open where c.id = $1
     ),
     audited as (
         insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
         select $1, $7, $4, $8, $9, 'upload', $2, $10, $11 from ended
     )
     select * from ended"
);

impl Store {
    /// Notes that every part is there and S3 is asked to join them, which must give `expected`. `None` when the
    /// session is in no state for it.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn join_upload(
        &self,
        company: CompanyId,
        id: UploadId,
        expected: Option<&str>,
        by: &By<'_>,
    ) -> Result<Option<Upload>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&expected as _, Type::TEXT),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&Step::Join.sources() as _, Type::TEXT_ARRAY),
            (&by.line as _, Type::UUID),
            (&by.actor.map(|actor| actor.0) as _, Type::UUID),
            (&Step::Join.audited() as _, Type::TEXT),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let found = self.db().await?.row(JOIN, &params).await?;
        found.as_ref().map(row::upload).transpose()
    }

    /// Makes a joined and verified upload a file: content, file, event, quota and session in one flight, once
    /// however often it is called.
    ///
    /// # Errors
    /// As [`Store::join_upload`].
    pub async fn complete_upload(
        &self,
        upload: &Upload,
        done: &Completion<'_>,
        by: &By<'_>,
    ) -> Result<Finished, Error> {
        let [roles, accesses, statuses] = row::may_upload();
        let params = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.id.0 as _, Type::UUID),
            (&done.file.0 as _, Type::UUID),
            (&done.identity as _, Type::TEXT),
            (&done.crc64 as _, Type::TEXT),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (done.payload as _, Type::JSONB),
            (&by.line as _, Type::UUID),
            (&roles as _, Type::TEXT_ARRAY),
            (&accesses as _, Type::TEXT_ARRAY),
            (&statuses as _, Type::TEXT_ARRAY),
            (&by.actor.map(|actor| actor.0) as _, Type::UUID),
            (&Step::Complete.audited() as _, Type::TEXT),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let db = self.db().await?;
        let room = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.room.0 as _, Type::UUID),
        ];
        let company = [(&upload.company.0 as _, Type::UUID)];
        let (_, _, rows) = flight!(
            db,
            room_locked = db.rows(LOCK_ROOM, &room),
            company_locked = db.rows(LOCK_COMPANY, &company),
            rows = db.rows(COMPLETE, &params),
        )?;
        let row = rows.first();
        finished(row.ok_or_else(|| corrupt("upload", "not there"))?)
    }

    /// Ends a session without a file by `step` and gives its reservation back. `None` when it had ended already.
    ///
    /// # Errors
    /// As [`Store::join_upload`].
    pub async fn end_upload(
        &self,
        company: CompanyId,
        id: UploadId,
        step: Step,
        failure: Option<&str>,
        by: &By<'_>,
    ) -> Result<Option<Upload>, Error> {
        let to = State::InProgress
            .take(step)
            .map_err(|error| Error::Corrupt(error.to_string()))?;
        let params = [
            (&company.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&to.as_str() as _, Type::TEXT),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&step.sources() as _, Type::TEXT_ARRAY),
            (&failure as _, Type::TEXT),
            (&by.line as _, Type::UUID),
            (&by.actor.map(|actor| actor.0) as _, Type::UUID),
            (&step.audited() as _, Type::TEXT),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let db = self.db().await?;
        let locked = [(&company.0 as _, Type::UUID)];
        let (_, rows) = flight!(
            db,
            company_locked = db.rows(LOCK_COMPANY, &locked),
            rows = db.rows(END, &params),
        )?;
        rows.first().map(row::upload).transpose()
    }
}

fn finished(row: &Row) -> Result<Finished, Error> {
    let outcome: &str = row.try_get("outcome")?;
    let state: &str = row.try_get("state")?;
    Ok(match outcome {
        "ok" => Finished::New {
            file: file(row)?,
            payload: row.try_get("payload")?,
            duplicate: row.try_get("duplicate")?,
        },
        "already" => Finished::Already(file(row)?),
        "refused" => Finished::Refused,
        _ => Finished::Ended(State::parse(state).ok_or_else(|| corrupt("state", state))?),
    })
}
