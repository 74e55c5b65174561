//! The begin of uploads: every check and the reservation of quota in one round trip, for one or for many.

use std::collections::HashMap;

use domain::file::File;
use domain::room::{self, Access, Action, Role, Status};
use domain::upload::{ContentType, FollowUp, Refusal, Storage, Upload};
use domain::{BatchId, CompanyId, UploadId, UserId};
use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::By;
use super::made::{self, Happened, Made};
use super::row::{corrupt, unsigned};
use crate::files::file;
use crate::files::sql::{content_columns, file_columns};
use crate::files::upkeep::INDEX;
use crate::{Error, Store, flight};

/// What an upload begins with.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// The session as it will stand, pending; with the name of the multipart upload if S3 has begun one for it.
    pub upload: Upload,
    /// The declared type, for the room's list of allowed ones.
    pub content_type: ContentType,
    /// What makes equal content equal, when the client told all of it; then also what the file becomes.
    pub known: Option<(String, Made)>,
    /// Three lines of the audit log.
    pub lines: [Uuid; 3],
}

/// Who begins uploads, and within what.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// Their company.
    pub company: CompanyId,
    /// Who they are.
    pub user: UserId,
    /// The batch that they belong to: what finds no place waits. Without one it is refused.
    pub batch: Option<BatchId>,
    /// Most uploads that the person may be sending.
    pub max_sending: u32,
    /// The call.
    pub by: By<'a>,
}

/// What came of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It stands, its bytes are reserved, and S3 takes its parts.
    Sending,
    /// It stands, its bytes are reserved, and it waits for a place.
    Waiting,
    /// Its content was in a file that the person can read: it is a file, with these events.
    Known(Box<File>, Happened),
    /// Nothing changed.
    Refused(Refusal),
}

const BEGIN: &str = "select * from begin_uploads_4($1, $2, $3, $4, $5, $6, $7, $8) order by place";

const FILES: &str = concat!(
    "select ",
    file_columns!(),
    " from (select f.*, ",
    content_columns!("b"),
    " from files f join blobs b on b.id = f.blob_id
            where f.company_id = $1 and f.upload_id = any ($2)) f"
);

impl Store {
    /// Begins uploads, each if its uploader may; answers what came of each, and what administrators are told.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn begin_uploads(
        &self,
        beginning: &Beginning<'_>,
        new: &[NewUpload],
    ) -> Result<(Vec<Begun>, Happened), Error> {
        let items: Vec<Value> = new.iter().map(item).collect();
        let expires = new.iter().map(|new| new.upload.expires_at).max();
        let by = &beginning.by;
        let call = made::call(
            by,
            &[],
            json!({ "expires": made::time(expires.unwrap_or(by.origin.at))? }),
        )?;
        let ids: Vec<Uuid> = new.iter().map(|new| new.upload.id.0).collect();
        let batch = beginning.batch.map(|batch| batch.0);
        let params = [
            (&beginning.company.0 as _, Type::UUID),
            (&beginning.user.0 as _, Type::UUID),
            (&batch as _, Type::UUID),
            (&Value::Array(items) as _, Type::JSONB),
            (&made::rule() as _, Type::JSONB),
            (&made::plans() as _, Type::JSONB),
            (&beginning.max_sending.cast_signed() as _, Type::INT4),
            (&call as _, Type::JSONB),
        ];
        let db = self.db().await?;
        let company = (&beginning.company.0 as _, Type::UUID);
        let names: Vec<Value> = new.iter().filter_map(name).collect();
        let names = Value::Array(names);
        let (rows, _, files) = flight!(
            db,
            rows = db.rows(BEGIN, &params),
            indexed = db.rows(INDEX, &[(&names, Type::JSONB)]),
            files = db.rows(FILES, &[company, (&ids, Type::UUID_ARRAY)]),
        )?;
        let mut files: HashMap<UploadId, File> = files
            .iter()
            .map(|row| file(row).map(|file| (file.upload, file)))
            .collect::<Result<_, _>>()?;
        let (mut begun, mut told) = (Vec::with_capacity(new.len()), Happened::default());
        for row in &rows {
            let place = usize::try_from(row.try_get::<_, i32>("place")?);
            let happened =
                Happened::read(row.try_get("events")?, row.try_get("told")?, by.origin.at)?;
            match place.ok().and_then(|place| new.get(place)) {
                None => told = happened,
                Some(new) => begun.push(outcome(row, new, beginning, &mut files, happened)?),
            }
        }
        if begun.len() != new.len() {
            return Err(corrupt("begin_uploads_4", "short of an answer"));
        }
        Ok((begun, told))
    }
}

/// What the search is told, should it become a file at once.
fn name(new: &NewUpload) -> Option<Value> {
    let (_, made) = new.known.as_ref()?;
    Some(made.named(&new.upload.name))
}

fn item(new: &NewUpload) -> Value {
    let up = &new.upload;
    let identity = new.known.as_ref().map(|(identity, _)| identity);
    let made = new.known.as_ref().map(|(_, made)| made.json());
    let title_key = match &up.then {
        Some(FollowUp::Thread(draft)) => draft.title.as_ref().map(domain::thread::Title::key),
        _ => None,
    };
    json!({
        "id": up.id,
        "room": up.room,
        "thread": up.thread,
        "blob": up.blob,
        "key": up.key,
        "name": up.name,
        "content_type": up.content_type,
        "patterns": new.content_type.patterns(),
        "size": up.plan.size,
        "checksum": up.checksum.as_str(),
        "part_size": up.plan.part_size,
        "part_count": up.plan.part_count,
        "s3": up.s3_upload_id,
        "lines": new.lines,
        "follow_up": up.then.as_ref().map(made::stored),
        "title_key": title_key,
        "identity": identity,
        "made": made,
        "replaces": up.replaces,
    })
}

fn outcome(
    row: &Row,
    new: &NewUpload,
    beginning: &Beginning<'_>,
    files: &mut HashMap<UploadId, File>,
    happened: Happened,
) -> Result<Begun, Error> {
    let outcome: &str = row.try_get("outcome")?;
    let refusal = match outcome {
        "sending" => return Ok(Begun::Sending),
        "waiting" => return Ok(Begun::Waiting),
        "known" => {
            let file = files.remove(&new.upload.id);
            let file = file.ok_or_else(|| corrupt("file", "not there"))?;
            return Ok(Begun::Known(Box::new(file), happened));
        }
        "no_room" => Refusal::NoRoom,
        "room" => Refusal::Room(in_room(row)?),
        "no_file" => Refusal::NoFile,
        "no_thread" => Refusal::NoThread,
        "uploads_off" => Refusal::UploadsOff,
        "type" => Refusal::TypeNotAllowed,
        "threads_off" => Refusal::ThreadsOff,
        "title_taken" => Refusal::TitleTaken,
        "file_size" => Refusal::FileTooLarge {
            limit: unsigned(row, "file_limit")?,
        },
        "too_many" => Refusal::TooManySending {
            limit: beginning.max_sending,
        },
        "quota" => Refusal::Quota(storage(row)?),
        "room_quota" => Refusal::RoomQuota {
            limit: unsigned(row, "room_limit")?,
            used: unsigned(row, "room_used")?,
        },
        other => return Err(corrupt("outcome", other)),
    };
    Ok(Begun::Refused(refusal))
}

fn storage(row: &Row) -> Result<Storage, Error> {
    Ok(Storage {
        used: unsigned(row, "used")?,
        reserved: unsigned(row, "reserved")?,
        limit: row
            .try_get::<_, Option<i64>>("total")?
            .map(|_| unsigned(row, "total"))
            .transpose()?,
        file_limit: unsigned(row, "file_limit")?,
    })
}

/// Which rule of the room said no: asked of the same table again.
fn in_room(row: &Row) -> Result<room::Refusal, Error> {
    let role: Option<&str> = row.try_get("role")?;
    let access: Option<&str> = row.try_get("access")?;
    let status: &str = row.try_get("status")?;
    let known = role
        .and_then(Role::parse)
        .zip(access.and_then(Access::parse))
        .zip(Status::parse(status));
    let Some(((role, access), status)) = known else {
        return Ok(room::Refusal::Role);
    };
    match room::check(role, access, status, Action::Upload) {
        Err(refusal) => Ok(refusal),
        Ok(()) => Err(corrupt("outcome", "room, against the table")),
    }
}
