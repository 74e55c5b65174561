//! From rows to files, and to what a person is to one.

use domain::company::CompanyRole;
use domain::file::{File, Refusal, Standing, Status};
use domain::preview::Preview;
use domain::room::{Access, Kind, Role};
use domain::scan::ScanStatus;
use domain::{FileId, RoomId, ThreadId, UploadId, UserId, room};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::Error;
use crate::uploads::row::{corrupt, unsigned, unsigned_32};

/// A file as one person finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFile {
    /// The file.
    pub file: File,
    /// Who they are to it.
    pub standing: Standing,
    /// How often it was downloaded.
    pub downloads: u64,
    /// The rooms that show it to them.
    pub shown_in: Vec<RoomId>,
    /// The threads of those rooms that it is in.
    pub in_threads: Vec<ThreadId>,
}

/// An event that was just logged, in every room that shows the file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileEvent {
    /// Its type.
    pub kind: &'static str,
    /// The rooms, with its number and its data in each, as clients get it.
    pub places: Vec<(RoomId, i64, Value)>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum FileChanged {
    /// It is done and logged.
    Done(FoundFile, FileEvent),
    /// Everything already was as asked.
    Same(FoundFile),
    /// A rule stood in the way.
    Refused(Refusal),
}

/// A file from `file_columns!`.
pub(crate) fn file(row: &Row) -> Result<File, Error> {
    let status: &str = row.try_get("status")?;
    let scan: &str = row.try_get("scan_status")?;
    let deleted_by: Option<Uuid> = row.try_get("deleted_by")?;
    let deleted_at = row.try_get("deleted_at")?;
    Ok(File {
        id: FileId(row.try_get("id")?),
        room: RoomId(row.try_get("room_id")?),
        uploader: UserId(row.try_get("uploader_id")?),
        upload: UploadId(row.try_get("upload_id")?),
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        metadata: row.try_get("metadata")?,
        content_type: row.try_get("content_type")?,
        detected_type: row.try_get("detected_type")?,
        size: unsigned(row, "size")?,
        status: Status::parse(status).ok_or_else(|| corrupt("status", status))?,
        blocked_as: row.try_get("blocked_as")?,
        scan: ScanStatus::parse(scan).ok_or_else(|| corrupt("scan_status", scan))?,
        preview: preview(row)?,
        version: unsigned_32(row, "version")?,
        revision: row.try_get("revision")?,
        sent_by: UserId(row.try_get("sent_by")?),
        sent_at: row.try_get("sent_at")?,
        seq: row.try_get("seq")?,
        created_at: row.try_get("created_at")?,
        deleted: deleted_by.map(UserId).zip(deleted_at),
    })
}

/// A preview from the column `preview`; none there is one that is still to be made.
pub(crate) fn preview(row: &Row) -> Result<Preview, Error> {
    let stored: Option<Value> = row.try_get("preview")?;
    let preview = stored.map(serde_json::from_value).transpose();
    let preview = preview.map_err(|error| corrupt("preview", &error.to_string()))?;
    Ok(preview.unwrap_or_default())
}

/// A file with `standing_columns!` for `user`, or why they do not find it: they are not active, there is no such file
/// in the company, or its room is deleted.
pub(super) fn found(row: &Row, user: UserId) -> Result<Result<FoundFile, Refusal>, Error> {
    let Some(company) = row.try_get::<_, Option<&str>>("company_role")? else {
        return Ok(Err(Refusal::Inactive));
    };
    let (Some(_), Some(kind), Some(status)) = (
        row.try_get::<_, Option<Uuid>>("id")?,
        row.try_get::<_, Option<&str>>("room_type")?,
        row.try_get::<_, Option<&str>>("room_status")?,
    ) else {
        return Ok(Err(Refusal::NoFile));
    };
    let file = file(row)?;
    let standing = Standing {
        company: company
            .parse::<CompanyRole>()
            .map_err(|error| Error::Corrupt(error.to_string()))?,
        seat: seat(row)?,
        own: file.uploader == user,
        kind: Kind::parse(kind).ok_or_else(|| corrupt("room_type", kind))?,
        status: room::Status::parse(status).ok_or_else(|| corrupt("room_status", status))?,
    };
    Ok(Ok(FoundFile {
        file,
        standing,
        downloads: unsigned(row, "downloads")?,
        shown_in: ids(row, "shown_in", RoomId)?,
        in_threads: ids(row, "in_threads", ThreadId)?,
    }))
}

/// The rooms that heard of a change, with the number and data of its event in each.
pub(crate) fn told(row: &Row, kind: &'static str) -> Result<Option<FileEvent>, Error> {
    let rooms: Option<Vec<Uuid>> = row.try_get("rooms")?;
    let seqs: Option<Vec<i64>> = row.try_get("seqs")?;
    let payloads: Option<Vec<Value>> = row.try_get("payloads")?;
    let (Some(rooms), Some(seqs), Some(payloads)) = (rooms, seqs, payloads) else {
        return Ok(None);
    };
    let places = rooms.into_iter().zip(seqs).zip(payloads);
    let places = places.map(|((room, seq), data)| (RoomId(room), seq, data));
    Ok(Some(FileEvent {
        kind,
        places: places.collect(),
    }))
}

fn ids<T>(row: &Row, column: &str, id: impl Fn(Uuid) -> T) -> Result<Vec<T>, Error> {
    let ids: Vec<Uuid> = row.try_get(column)?;
    Ok(ids.into_iter().map(id).collect())
}

fn seat(row: &Row) -> Result<Option<(Role, Access)>, Error> {
    let role: Option<&str> = row.try_get("my_role")?;
    let access: Option<&str> = row.try_get("my_access")?;
    let (Some(role), Some(access)) = (role, access) else {
        return Ok(None);
    };
    Ok(Some((
        Role::parse(role).ok_or_else(|| corrupt("role", role))?,
        Access::parse(access).ok_or_else(|| corrupt("access", access))?,
    )))
}
