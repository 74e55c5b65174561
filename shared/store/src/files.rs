//! Files: listed, looked at, downloaded, put into quarantine.

use domain::file::{File, Status};
use domain::preview::Preview;
use domain::scan::ScanStatus;
use domain::{CompanyId, FileId, RoomId, UploadId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::uploads::By;
use crate::uploads::row::{corrupt, unsigned, unsigned_32};
use crate::{Error, Store};

/// The columns of a file `f` with what its content was found to be.
macro_rules! file_columns {
    () => {
        "f.id, f.room_id, f.uploader_id, f.upload_id, f.name, f.content_type, f.size, f.status, f.version, f.seq, \
         f.created_at, f.detected_type, f.blocked_as, f.preview, f.scan_status"
    };
}
pub(crate) use file_columns;

/// What is known of the content `b`: the other half of [`file_columns`].
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
pub(crate) use content_columns;

/// Every file with its content; filters go behind.
macro_rules! files {
    () => {
        concat!(
            "(select f.*, b.key, ",
            content_columns!("b"),
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

/// One row without a file tells that the room is there and has none.
const OF_ROOM: &str = concat!(
    "select ",
    file_columns!(),
    " from (select r.id from ",
    readable_rooms!(),
    " and r.id = $5) room left join lateral (select * from ",
    files!(),
    " where f.room_id = room.id and ($3::uuid is null or f.id < $3) order by f.id desc limit $4) f on true"
);

const MINE: &str = concat!(
    "select ",
    file_columns!(),
    " from (select r.id from ",
    readable_rooms!(),
    " and mine.user_id is not null) room cross join lateral (select * from ",
    files!(),
    " where f.room_id = room.id and ($3::uuid is null or f.id < $3) order by f.id desc limit $4) f
      order by f.id desc limit $4"
);

const ONE: &str = concat!(
    "select ",
    file_columns!(),
    ", f.key from ",
    files!(),
    " where f.company_id = $1 and f.id = $3 and exists (select from ",
    readable_rooms!(),
    " and r.id = f.room_id)"
);

const DOWNLOAD: &str = concat!(
    "with found as (",
    "select ",
    file_columns!(),
    ", f.key from ",
    files!(),
    " where f.company_id = $1 and f.id = $3 and exists (select from ",
    readable_rooms!(),
    " and r.id = f.room_id)),
     audited as (
         insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
         select $1, $4, $5, $2, 'file.downloaded', 'file', $3, $6, $7 from found where found.status = 'available'
     )
     select * from found"
);

impl Store {
    /// Files, newest first, of a room or of all rooms that `user` is in; `None` when the room is not there for them.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn files(
        &self,
        company: CompanyId,
        user: UserId,
        room: Option<RoomId>,
        before: Option<FileId>,
        limit: i64,
    ) -> Result<Option<Vec<File>>, Error> {
        let before = before.map(|id| id.0);
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&before as _, Type::UUID),
            (&limit as _, Type::INT8),
        ];
        let db = self.db().await?;
        let rows = match room {
            None => db.rows(MINE, &params).await?,
            Some(room) => {
                let [a, b, c, d] = params;
                db.rows(OF_ROOM, &[a, b, c, d, (&room.0, Type::UUID)])
                    .await?
            }
        };
        if room.is_some() && rows.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<Uuid>>("id")?.is_some() {
                found.push(file(row)?);
            }
        }
        Ok(Some(found))
    }

    /// One file, if `user` may read its room.
    ///
    /// # Errors
    /// As [`Store::files`].
    pub async fn file(
        &self,
        company: CompanyId,
        user: UserId,
        id: FileId,
    ) -> Result<Option<File>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
        ];
        let found = self.db().await?.row(ONE, &params).await?;
        found.as_ref().map(file).transpose()
    }

    /// One file and its key in the bucket, if `user` may read its room.
    ///
    /// # Errors
    /// As [`Store::files`].
    pub async fn file_content(
        &self,
        company: CompanyId,
        user: UserId,
        id: FileId,
    ) -> Result<Option<(File, String)>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
        ];
        let found = self.db().await?.row(ONE, &params).await?;
        found
            .map(|row| Ok((file(&row)?, row.try_get("key")?)))
            .transpose()
    }

    /// One file and its key in the bucket, if `user` may read its room; the download is written into the audit log
    /// when the file can be had.
    ///
    /// # Errors
    /// As [`Store::files`].
    pub async fn download(
        &self,
        company: CompanyId,
        user: UserId,
        id: FileId,
        by: &By<'_>,
    ) -> Result<Option<(File, String)>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&by.line as _, Type::UUID),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let found = self.db().await?.row(DOWNLOAD, &params).await?;
        found
            .map(|row| Ok((file(&row)?, row.try_get("key")?)))
            .transpose()
    }
}

/// A file from [`file_columns`].
pub(crate) fn file(row: &Row) -> Result<File, Error> {
    let status: &str = row.try_get("status")?;
    let scan: &str = row.try_get("scan_status")?;
    Ok(File {
        id: FileId(row.try_get("id")?),
        room: RoomId(row.try_get("room_id")?),
        uploader: UserId(row.try_get("uploader_id")?),
        upload: UploadId(row.try_get("upload_id")?),
        name: row.try_get("name")?,
        content_type: row.try_get("content_type")?,
        detected_type: row.try_get("detected_type")?,
        size: unsigned(row, "size")?,
        status: Status::parse(status).ok_or_else(|| corrupt("status", status))?,
        blocked_as: row.try_get("blocked_as")?,
        scan: ScanStatus::parse(scan).ok_or_else(|| corrupt("scan_status", scan))?,
        preview: preview(row)?,
        version: unsigned_32(row, "version")?,
        seq: row.try_get("seq")?,
        created_at: row.try_get("created_at")?,
    })
}

/// A preview from the column `preview`; none there is one that is still to be made.
pub(crate) fn preview(row: &Row) -> Result<Preview, Error> {
    let stored: Option<serde_json::Value> = row.try_get("preview")?;
    let preview = stored.map(serde_json::from_value).transpose();
    let preview = preview.map_err(|error| corrupt("preview", &error.to_string()))?;
    Ok(preview.unwrap_or_default())
}
