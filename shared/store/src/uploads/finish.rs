//! The ends of uploads: joined by S3 and made files, or given up.

use domain::file::File;
use domain::upload::{State, Step, Upload};
use domain::{BatchId, CompanyId, UploadId, UserId};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::By;
use super::made::{self, Happened, Made};
use super::row::{self, corrupt};
use crate::files::file;
use crate::files::sql::{content_columns, file_columns};
use crate::files::upkeep::INDEX;
use crate::{Error, Store, flight};

/// What a verified object becomes.
#[derive(Debug, Clone)]
pub struct Completion<'a> {
    /// The file that it becomes, and what follows it.
    pub made: &'a Made,
    /// What makes equal content equal; `None` when the client brought no checksums.
    pub identity: Option<&'a str>,
    /// S3's CRC64NVME of the whole, when it made one.
    pub crc64: Option<&'a str>,
    /// The composite checksum that the parts had to give, when it is known.
    pub expected: Option<&'a str>,
    /// Two more lines of the audit log.
    pub lines: [Uuid; 2],
}

/// A file, or a new version of one, that an upload has just become.
#[derive(Debug, Clone, PartialEq)]
pub struct Became {
    /// The file.
    pub file: File,
    /// Its events, and those of what follows it.
    pub happened: Happened,
    /// Whether the company had the same content already: the object of this upload is not needed.
    pub duplicate: bool,
    /// Whether other uploads of the person wait for a place.
    pub waits: bool,
}

/// What came of completing.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// The file is there now.
    New(Became),
    /// It had become a file before.
    Already(File),
    /// The session has ended otherwise.
    Ended(State),
    /// The uploader may not send to the room any more.
    Refused,
}

/// Sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// These.
    These(&'a [UploadId]),
    /// The open ones of a batch of this person.
    Batch(BatchId, UserId),
    /// This one, unless something has happened to it since then.
    Idle(UploadId, OffsetDateTime),
}

/// Ids, batch, its owner, and since when nothing may have happened.
type Chosen = (Vec<Uuid>, Option<Uuid>, Option<Uuid>, Value);

/// Sessions that were ended without a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ended {
    /// As they stand now.
    pub uploads: Vec<Upload>,
    /// What their rooms are told.
    pub happened: Happened,
    /// Whether other uploads of the person wait for a place.
    pub waits: bool,
}

const JOIN: &str = concat!(
    "with was as (select up.id, up.state from uploads up where up.company_id = $1 and up.id = $2 for update),
     joined as (
         update uploads up set state = 'completing', expected = coalesce($3, up.expected), last_activity_at = $4,
             join_asked_at = coalesce(up.join_asked_at, $4)
         from was where up.company_id = $1 and up.id = was.id and was.state = any ($5)
         returning ",
    row::columns!("up"),
    "),
     audited as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, $6, $4, $7, $8, 'upload', $2, $9, $10, jsonb_build_object('from', was.state, 'to', 'completing')
         from joined, was where was.state <> 'completing'
     )
     select * from joined"
);

const COMPLETE: &str = "select * from complete_upload_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const FILE: &str = concat!(
    "select ",
    file_columns!(),
    " from (select f.*, ",
    content_columns!("b"),
    " from files f join blobs b on b.id = f.blob_id
            where f.company_id = $1
              and f.id = (select up.file_id from uploads up where up.company_id = $1 and up.id = $2)) f"
);

const END: &str = "select * from end_uploads_1($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const ENDED: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up where up.company_id = $1 and (up.id = any ($2) or up.batch_id = $3) order by up.id"
);

impl Store {
    /// Notes that S3 joins the parts, which must give `expected`. `None` when the session is in no state for it.
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

    /// Makes a joined and verified upload a file: content, file, events, quota and session in one flight, once
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
        let [second, third] = done.lines;
        let call = made::call(by, &[by.line, second, third], json!({}))?;
        let params = [
            (&upload.company.0 as _, Type::UUID),
            (&upload.id.0 as _, Type::UUID),
            (&done.identity as _, Type::TEXT),
            (&done.crc64 as _, Type::TEXT),
            (&done.expected as _, Type::TEXT),
            (&done.made.json() as _, Type::JSONB),
            (&Step::Join.sources() as _, Type::TEXT_ARRAY),
            (&made::rule() as _, Type::JSONB),
            (&made::plans() as _, Type::JSONB),
            (&call as _, Type::JSONB),
        ];
        let db = self.db().await?;
        let name = Value::Array(vec![done.made.named(&upload.name)]);
        let name = [(&name as _, Type::JSONB)];
        let (rows, _, files) = flight!(
            db,
            rows = db.rows(COMPLETE, &params),
            indexed = db.rows(INDEX, &name),
            files = db.rows(FILE, &params[..2]),
        )?;
        let row = rows.first();
        let row = row.ok_or_else(|| corrupt("upload", "not there"))?;
        finished(row, files.first(), by)
    }

    /// Ends sessions without a file by `step` and gives their reservations back; those that had ended are left alone.
    /// `lines` are ids for the audit log, one for each.
    ///
    /// # Errors
    /// As [`Store::join_upload`].
    pub async fn end_uploads(
        &self,
        company: CompanyId,
        which: Which<'_>,
        step: Step,
        failure: Option<&str>,
        by: &By<'_>,
        lines: &[Uuid],
    ) -> Result<Ended, Error> {
        let to = State::InProgress.take(step);
        let to = to.map_err(|error| Error::Corrupt(error.to_string()))?;
        let (ids, batch, owner, idle_since) = which.params()?;
        let more = json!({ "action": step.audited(), "idle_since": idle_since });
        let call = made::call(by, lines, more)?;
        let params = [
            (&company.0 as _, Type::UUID),
            (&ids as _, Type::UUID_ARRAY),
            (&batch as _, Type::UUID),
            (&owner as _, Type::UUID),
            (&to.as_str() as _, Type::TEXT),
            (&step.sources() as _, Type::TEXT_ARRAY),
            (&failure as _, Type::TEXT),
            (&made::plans() as _, Type::JSONB),
            (&call as _, Type::JSONB),
        ];
        let db = self.db().await?;
        let (rows, uploads) = flight!(
            db,
            rows = db.rows(END, &params),
            uploads = db.rows(ENDED, &params[..3]),
        )?;
        ended(&rows, &uploads, by)
    }
}

impl Which<'_> {
    fn params(&self) -> Result<Chosen, Error> {
        Ok(match *self {
            Self::These(ids) => (ids.iter().map(|id| id.0).collect(), None, None, Value::Null),
            Self::Batch(batch, owner) => (Vec::new(), Some(batch.0), Some(owner.0), Value::Null),
            Self::Idle(id, since) => (vec![id.0], None, None, made::time(since)?),
        })
    }
}

/// What the function ended, with the sessions as they stand now.
fn ended(rows: &[Row], uploads: &[Row], by: &By<'_>) -> Result<Ended, Error> {
    let mut ended = Ended::default();
    let mut now = Vec::with_capacity(rows.len());
    for row in rows {
        now.push(UploadId(row.try_get("id")?));
        ended.waits |= row.try_get::<_, bool>("waits")?;
        let told = Value::Array(Vec::new());
        let happened = Happened::read(row.try_get("events")?, told, by.origin.at)?;
        ended.happened.events.extend(happened.events);
    }
    for row in uploads {
        let upload = row::upload(row)?;
        if now.contains(&upload.id) {
            ended.uploads.push(upload);
        }
    }
    Ok(ended)
}

fn finished(row: &Row, found: Option<&Row>, by: &By<'_>) -> Result<Finished, Error> {
    let outcome: &str = row.try_get("outcome")?;
    let state: &str = row.try_get("state")?;
    let found = || {
        let found = found.map(file).transpose()?;
        found.ok_or_else(|| corrupt("file", "not there"))
    };
    Ok(match outcome {
        "new" => Finished::New(Became {
            file: found()?,
            happened: Happened::read(row.try_get("events")?, row.try_get("told")?, by.origin.at)?,
            duplicate: row.try_get("duplicate")?,
            waits: row.try_get("waits")?,
        }),
        "already" => Finished::Already(found()?),
        "refused" => Finished::Refused,
        _ => Finished::Ended(State::parse(state).ok_or_else(|| corrupt("state", state))?),
    })
}
