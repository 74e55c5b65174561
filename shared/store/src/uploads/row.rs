//! Rows of uploads as domain values.

use domain::room::{Access, Role, Status};
use domain::upload::{Checksum, Plan, Seen, State, Upload};
use domain::{BatchId, BlobId, CompanyId, FileId, RoomId, ThreadId, UploadId, UserId};
use tokio_postgres::Row;

use super::made;
use crate::Error;

/// The columns of an upload, of the table called `$table`.
macro_rules! columns {
    ($table:literal) => {
        concat!(
            $table,
            ".company_id, ",
            $table,
            ".id, ",
            $table,
            ".room_id, ",
            $table,
            ".thread_id, ",
            $table,
            ".batch_id, ",
            $table,
            ".follow_up, ",
            $table,
            ".uploader_id, ",
            $table,
            ".state, ",
            $table,
            ".name, ",
            $table,
            ".content_type, ",
            $table,
            ".size, ",
            $table,
            ".checksum, ",
            $table,
            ".part_size, ",
            $table,
            ".part_count, ",
            $table,
            ".blob_id, ",
            $table,
            ".key, ",
            $table,
            ".s3_upload_id, ",
            $table,
            ".expected, ",
            $table,
            ".file_id, ",
            $table,
            ".replaces, ",
            $table,
            ".failure, ",
            $table,
            ".created_at, ",
            $table,
            ".last_activity_at, ",
            $table,
            ".join_asked_at, ",
            $table,
            ".expires_at, ",
            $table,
            ".ended_at"
        )
    };
}
pub(super) use columns;

/// An upload.
pub(super) fn upload(row: &Row) -> Result<Upload, Error> {
    let state: &str = row.try_get("state")?;
    let checksum: &str = row.try_get("checksum")?;
    let part_count = unsigned_32(row, "part_count")?;
    Ok(Upload {
        company: CompanyId(row.try_get("company_id")?),
        id: UploadId(row.try_get("id")?),
        room: RoomId(row.try_get("room_id")?),
        thread: row.try_get::<_, Option<_>>("thread_id")?.map(ThreadId),
        batch: row.try_get::<_, Option<_>>("batch_id")?.map(BatchId),
        uploader: UserId(row.try_get("uploader_id")?),
        state: State::parse(state).ok_or_else(|| corrupt("state", state))?,
        name: row.try_get("name")?,
        content_type: row.try_get("content_type")?,
        checksum: Checksum::parse(checksum).ok_or_else(|| corrupt("checksum", checksum))?,
        plan: Plan {
            size: unsigned(row, "size")?,
            part_size: unsigned(row, "part_size")?,
            part_count,
        },
        blob: BlobId(row.try_get("blob_id")?),
        key: row.try_get("key")?,
        s3_upload_id: row.try_get("s3_upload_id")?,
        expected: row.try_get("expected")?,
        then: row
            .try_get::<_, Option<_>>("follow_up")?
            .map(|stored| made::follow_up(&stored))
            .transpose()?,
        file: row.try_get::<_, Option<_>>("file_id")?.map(FileId),
        replaces: row.try_get::<_, Option<_>>("replaces")?.map(FileId),
        failure: row.try_get("failure")?,
        created_at: row.try_get("created_at")?,
        last_activity_at: row.try_get("last_activity_at")?,
        asked_at: row.try_get("join_asked_at")?,
        expires_at: row.try_get("expires_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

/// An upload with what the person is in its room.
pub(super) fn seen(row: &Row) -> Result<Seen, Error> {
    let role: Option<&str> = row.try_get("role")?;
    let access: Option<&str> = row.try_get("access")?;
    let room: &str = row.try_get("room_status")?;
    let member = match (role, access) {
        (Some(role), Some(access)) => Some((
            Role::parse(role).ok_or_else(|| corrupt("role", role))?,
            Access::parse(access).ok_or_else(|| corrupt("access", access))?,
        )),
        _ => None,
    };
    Ok(Seen {
        upload: upload(row)?,
        member,
        room: Status::parse(room).ok_or_else(|| corrupt("room_status", room))?,
    })
}

/// A number that is never negative.
pub(crate) fn unsigned(row: &Row, column: &'static str) -> Result<u64, Error> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| corrupt(column, "a negative number"))
}

/// The same for 32 bits.
pub(crate) fn unsigned_32(row: &Row, column: &'static str) -> Result<u32, Error> {
    let value: i32 = row.try_get(column)?;
    u32::try_from(value).map_err(|_| corrupt(column, "a negative number"))
}

/// A value that no rule of ours can have written.
pub(crate) fn corrupt(column: &str, value: &str) -> Error {
    Error::Corrupt(format!("{column} is {value}"))
}
