//! The contents that a file has had, and taking a former one again.

use domain::file::{Action, Refusal, Version};
use domain::{CompanyId, FileId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::sql::{facts, file_json, log, rule_holds};
use super::{FileAct, FileChanged, STANDING, Shared, locked};
use crate::uploads::row::{unsigned, unsigned_32};
use crate::{Error, Store};

/// $4: older than this one (null: from today's); $5 how many. At least one row for who may read the file.
const VERSIONS: &str = concat!(
    "with ", facts!(), "
     select f.version as current, c.version, c.size, c.content_type, c.sent_by, c.sent_at, c.restored_from, c.blocked_as
     from w join found f on w.readable and f.status <> 'deleted'
     left join lateral (
         select c.*, b.blocked_as from (
             select f.version, f.blob_id, f.size, f.content_type, coalesce(f.sent_by, f.uploader_id) as sent_by,
                 coalesce(f.sent_at, f.created_at) as sent_at, f.restored_from
             union all
             select v.version, v.blob_id, v.size, v.content_type, v.sent_by, v.sent_at, v.restored_from
             from file_versions v where v.file_id = f.id
         ) c join blobs b on b.id = c.blob_id
         where $4::integer is null or c.version < $4
         order by c.version desc limit $5
     ) c on true"
);

/// Keeps today's content of the file `$f` among the former ones.
macro_rules! keep_content {
    ($from:literal) => {
        concat!(
            "insert into file_versions
                 (company_id, file_id, version, blob_id, upload_id, sent_by, content_type, size, restored_from, sent_at)
             select f.company_id, f.id, f.version, f.blob_id, f.upload_id, coalesce(f.sent_by, f.uploader_id),
                 f.content_type, f.size, f.restored_from, coalesce(f.sent_at, f.created_at)
             from ",
            $from,
            " f"
        )
    };
}
pub(crate) use keep_content;

/// $14: the version.
const TAKE_AGAIN: &str = concat!(
    "with ", facts!(), ",
     old as (
         select v.*, b.blocked_as, b.scan_status from file_versions v join blobs b on b.id = v.blob_id
         where v.company_id = $1 and v.file_id = $3 and v.version = $14
     ),
     may as (
         select f.* from found f, w, old
         where ", rule_holds!(), " and old.blocked_as is null and old.scan_status <> 'infected'
     ),
     kept as (", keep_content!("may"), "),
     held as (
         update blobs b set refs = b.refs + 1 from may, old where b.company_id = $1 and b.id = old.blob_id
     ),
     touched as (
         update files f
         set blob_id = old.blob_id, upload_id = old.upload_id, content_type = old.content_type, size = old.size,
             status = 'available', released_at = null, version = f.version + 1, revision = f.revision + 1,
             restored_from = old.version, sent_by = $2, sent_at = $4
         from may, old
         where f.id = may.id
         returning f.*
     )",
    log!(
        "'file.version_added'",
        concat!("jsonb_build_object('file', ", file_json!(), ")"),
        "jsonb_build_object('version', f.version, 'restored_from', f.restored_from)"
    )
);

/// A page of versions, newest first, and the number of today's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Today's number.
    pub current: u32,
    /// The page.
    pub items: Vec<Version>,
}

impl Store {
    /// The contents that a file has had, newest first; `None` when `user` may not read it.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn file_versions(
        &self,
        company: CompanyId,
        user: UserId,
        id: FileId,
        (before, limit): (Option<i32>, i64),
    ) -> Result<Option<Versions>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&before as _, Type::INT4),
            (&limit as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(VERSIONS, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<i32>>("version")?.is_some() {
                items.push(version(row)?);
            }
        }
        Ok(Some(Versions {
            current: unsigned_32(first, "current")?,
            items,
        }))
    }

    /// Makes a former content today's, as a new version.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn take_version_again(
        &self,
        act: &FileAct<'_>,
        number: i32,
    ) -> Result<FileChanged, Error> {
        let shared = Shared::new(Action::Change, STANDING);
        let mut params = shared.params(act);
        params.push((&number as _, Type::INT4));
        let statement = ("file.version_added", TAKE_AGAIN);
        locked(self, act, &shared, statement, &params, |found| {
            let current = u32::try_from(number).is_ok_and(|number| number == found.file.version);
            (!current).then_some(Refusal::NoFile)
        })
        .await
    }
}

fn version(row: &Row) -> Result<Version, Error> {
    let restored_from: Option<i32> = row.try_get("restored_from")?;
    Ok(Version {
        number: unsigned_32(row, "version")?,
        size: unsigned(row, "size")?,
        content_type: row.try_get("content_type")?,
        sent_by: UserId(row.try_get("sent_by")?),
        sent_at: row.try_get("sent_at")?,
        restored_from: restored_from.map(i32::unsigned_abs),
        blocked_as: row.try_get("blocked_as")?,
    })
}
