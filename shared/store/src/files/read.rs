//! Files as people find them: one, a list, the place of a content.

use domain::file::File;
use domain::{CompanyId, FileId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::sql::{facts, file_columns, files, readable_file, standing_columns};
use super::{FoundFile, file, rows};
use crate::uploads::By;
use crate::{Error, Store};

/// Where a content is, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The file that it is of.
    pub file: File,
    /// Its key in the bucket.
    pub key: String,
    /// The declared type of this version.
    pub content_type: String,
    /// What its first bytes say it is.
    pub detected_type: Option<String>,
    /// Whether it can be had: the file is, and this version is not of a blocked kind.
    pub available: bool,
}

const ONE: &str = concat!(
    "with ",
    facts!(),
    " select ",
    file_columns!(),
    ", ",
    standing_columns!(),
    " from w left join found f on true
     where w.readable and f.status <> 'deleted'"
);

const CONTENT: &str = concat!(
    "select ",
    file_columns!(),
    ", f.key from ",
    files!(),
    "
     where f.company_id = $1 and f.id = $3 and ",
    readable_file!("f.id")
);

/// $8: the version, null for today's.
const DOWNLOAD: &str = concat!(
    "with found as (
         select ", file_columns!(), ", c.version as asked, c.key, c.content_type as asked_type,
             c.detected_type as asked_detected,
             f.status = 'available' and c.scan_status <> 'infected'
                 and (c.version = f.version or c.blocked_as is null) as available
         from ", files!(), "
         join lateral (
             select c.*, b.key, b.detected_type, b.blocked_as, b.scan_status from (
                 select f.version, f.blob_id, f.content_type where $8::integer is null or $8 = f.version
                 union all
                 select v.version, v.blob_id, v.content_type from file_versions v
                 where v.file_id = f.id and v.version = $8
             ) c join blobs b on b.id = c.blob_id
         ) c on true
         where f.company_id = $1 and f.id = $3 and ", readable_file!("f.id"), "
     ),
     counted as (
         update files f set downloads = f.downloads + 1 from found where f.id = found.id and found.available
     ),
     audited as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, $4, $5, $2, 'file.downloaded', 'file', $3, $6, $7, jsonb_build_object('version', found.asked)
         from found where found.available
     )
     select * from found"
);

impl Store {
    /// One file as `user` finds it, if they may read a room that shows it.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn file(
        &self,
        company: CompanyId,
        user: UserId,
        id: FileId,
    ) -> Result<Option<FoundFile>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
        ];
        let found = self.db().await?.row(ONE, &params).await?;
        let found = found.map(|row| rows::found(&row, user)).transpose()?;
        Ok(found.and_then(Result::ok))
    }

    /// One file and its key in the bucket, if `user` may read a room that shows it.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
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
        let found = self.db().await?.row(CONTENT, &params).await?;
        found
            .map(|row| Ok((file(&row)?, row.try_get("key")?)))
            .transpose()
    }

    /// Where a version of a file is (today's, when `None`), if `user` may read a room that shows it; the download is
    /// counted and written into the audit log when the content can be had.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn download(
        &self,
        company: CompanyId,
        user: UserId,
        (id, version): (FileId, Option<i32>),
        by: &By<'_>,
    ) -> Result<Option<Content>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&by.line as _, Type::UUID),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
            (&version as _, Type::INT4),
        ];
        let found = self.db().await?.row(DOWNLOAD, &params).await?;
        found.as_ref().map(content).transpose()
    }
}

/// Where a content is, of a row with `asked_type` and `asked_detected`.
pub(super) fn content(row: &Row) -> Result<Content, Error> {
    Ok(Content {
        file: file(row)?,
        key: row.try_get("key")?,
        content_type: row.try_get("asked_type")?,
        detected_type: row.try_get("asked_detected")?,
        available: row.try_get("available")?,
    })
}
