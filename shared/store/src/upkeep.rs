//! The upkeep of storage: contents that nobody needs, figures that drifted, and the two-way comparison with S3.

use domain::{BlobId, CompanyId};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::uploads::row::unsigned;
use crate::{Error, Store, flight};

/// A content that nothing refers to, and that nobody can refer to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The content.
    pub blob: BlobId,
    /// Where it is in the bucket.
    pub key: String,
    /// Since when nothing refers to it.
    pub since: OffsetDateTime,
}

/// A company's figures, as they stood and as its rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reckoning {
    /// The company.
    pub company: CompanyId,
    /// Bytes of files and bytes promised, as they were kept.
    pub kept: (u64, u64),
    /// The same as they are.
    pub real: (u64, u64),
}

/// Where a page of S3's keys and our rows differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Keys that no row of ours knows.
    pub unknown: Vec<String>,
    /// Keys of contents that S3 does not have.
    pub missing: Vec<String>,
}

/// How far a long job has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progressed {
    /// Where to go on; empty for the beginning.
    pub place: String,
    /// What was found since the beginning.
    pub found: Value,
}

const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

/// Without its identity no upload of equal content takes it up again while its object goes.
const ORPHANS: &str = "
    with given_up as (
        update blobs b set identity = null
        from (
            select o.id from blobs o
            where o.refs = 0 and o.orphaned_at <= $1 and not exists (select from files f where f.blob_id = o.id)
              and not exists (select from file_versions v where v.blob_id = o.id)
              and ($3::timestamptz is null or (o.orphaned_at >= $3 and (o.orphaned_at, o.id) > ($3, $4)))
            order by o.orphaned_at, o.id limit $2 for update skip locked
        ) old
        where b.id = old.id
        returning b.id, b.key, b.orphaned_at
    )
    select * from given_up order by orphaned_at, id";

const RECKON: &str = "
    with kept as (
        select storage_used, storage_reserved from companies where id = $1
    ),
    really as (
        select (select coalesce(sum(b.size), 0) from blobs b where b.company_id = $1 and b.refs > 0)::bigint as used,
            (select coalesce(sum(up.reserved), 0) from uploads up
             where up.company_id = $1 and up.reserved > 0)::bigint as reserved
    ),
    repaired as (
        update companies c set storage_used = really.used, storage_reserved = really.reserved
        from really, kept
        where c.id = $1 and (kept.storage_used <> really.used or kept.storage_reserved <> really.reserved)
    )
    select * from kept, really";

const COMPARE: &str = "
    with seen as (select key from unnest($3::text[]) key)
    select
        array (
            select s.key from seen s
            where not exists (select from blobs b where b.key = s.key)
              and not exists (
                  select from uploads up where up.key = s.key and (up.ended_at is null or up.swept_at is null))
        ) as unknown,
        array (
            select b.key from blobs b
            where b.key collate \"C\" > $1 and ($2::text is null or b.key collate \"C\" <= $2)
              and b.created_at < $4 and b.refs > 0
              and not exists (select from seen s where s.key = b.key)
            order by b.key collate \"C\" limit 1000
        ) as missing";

impl Store {
    /// At most `limit` contents that lost their last reference before `before`, of all companies, oldest first and
    /// behind `after`: from here on nobody takes them up again.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn orphans(
        &self,
        before: OffsetDateTime,
        after: Option<&Orphan>,
        limit: i64,
    ) -> Result<Vec<Orphan>, Error> {
        let (since, last) = (after.map(|it| it.since), after.map(|it| it.blob.0));
        let params = [
            (&before as _, Type::TIMESTAMPTZ),
            (&limit as _, Type::INT8),
            (&since as _, Type::TIMESTAMPTZ),
            (&last as _, Type::UUID),
        ];
        let rows = self.db().await?.rows(ORPHANS, &params).await?;
        rows.iter()
            .map(|row| {
                Ok(Orphan {
                    blob: BlobId(row.try_get("id")?),
                    key: row.try_get("key")?,
                    since: row.try_get("orphaned_at")?,
                })
            })
            .collect()
    }

    /// Forgets a content whose object is gone.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn forget_orphan(&self, blob: BlobId) -> Result<(), Error> {
        let sql = "delete from blobs where id = $1 and refs = 0";
        let params = [(&blob.0 as _, Type::UUID)];
        self.db().await?.rows(sql, &params).await.map(drop)
    }

    /// At most `limit` companies behind `after`, by id.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn companies_after(
        &self,
        after: Option<CompanyId>,
        limit: i64,
    ) -> Result<Vec<CompanyId>, Error> {
        let sql =
            "select id from companies where deleted_at is null and ($1::uuid is null or id > $1)
                   order by id limit $2";
        let after = after.map(|id| id.0);
        let params = [(&after as _, Type::UUID), (&limit as _, Type::INT8)];
        let rows = self.db().await?.rows(sql, &params).await?;
        rows.iter()
            .map(|row| Ok(CompanyId(row.try_get::<_, Uuid>(0)?)))
            .collect()
    }

    /// Counts what a company stores and has promised by its rows, and puts its figures right if they differ.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn reckon(&self, company: CompanyId) -> Result<Option<Reckoning>, Error> {
        let params = [(&company.0 as _, Type::UUID)];
        let db = self.db().await?;
        let (_, rows) = flight!(
            db,
            locked = db.rows(LOCK_COMPANY, &params),
            rows = db.rows(RECKON, &params),
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Reckoning {
            company,
            kept: (
                unsigned(row, "storage_used")?,
                unsigned(row, "storage_reserved")?,
            ),
            real: (unsigned(row, "used")?, unsigned(row, "reserved")?),
        }))
    }

    /// Which of these multipart uploads belong to sessions that are still open.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn open_in_s3(&self, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
        let sql = "select key, s3_upload_id from uploads
                   where key = any ($1) and s3_upload_id is not null and (ended_at is null or swept_at is null)";
        let params = [(&keys as _, Type::TEXT_ARRAY)];
        let rows = self.db().await?.rows(sql, &params).await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// Compares a page of S3's keys, from behind `after` to `until` (`None`: to the end), with our rows. Contents made
    /// since `before` do not count: the page may be older.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn compare_keys(
        &self,
        after: &str,
        until: Option<&str>,
        keys: &[String],
        before: OffsetDateTime,
    ) -> Result<Difference, Error> {
        let params = [
            (&after as _, Type::TEXT),
            (&until as _, Type::TEXT),
            (&keys as _, Type::TEXT_ARRAY),
            (&before as _, Type::TIMESTAMPTZ),
        ];
        let found = self.db().await?.row(COMPARE, &params).await?;
        let Some(row) = found else {
            return Ok(Difference::default());
        };
        Ok(Difference {
            unknown: row.try_get("unknown")?,
            missing: row.try_get("missing")?,
        })
    }

    /// How far a long job had come.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn job_progress(&self, job: &str) -> Result<Progressed, Error> {
        let sql = "select place, found from reap_progress where job = $1";
        let found = self.db().await?.row(sql, &[(&job, Type::TEXT)]).await?;
        found.map_or_else(
            || Ok(Progressed::default()),
            |row| {
                Ok(Progressed {
                    place: row.try_get("place")?,
                    found: row.try_get("found")?,
                })
            },
        )
    }

    /// Keeps how far it has come.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn keep_job_progress(
        &self,
        job: &str,
        progressed: &Progressed,
        at: OffsetDateTime,
    ) -> Result<(), Error> {
        let sql = "insert into reap_progress (job, place, found, began_at, updated_at) values ($1, $2, $3, $4, $4)
                   on conflict (job) do update set place = excluded.place, found = excluded.found,
                       began_at = case when reap_progress.place = ''
                           then excluded.began_at else reap_progress.began_at end,
                       updated_at = excluded.updated_at";
        let params = [
            (&job as _, Type::TEXT),
            (&progressed.place as _, Type::TEXT),
            (&progressed.found as _, Type::JSONB),
            (&at as _, Type::TIMESTAMPTZ),
        ];
        self.db().await?.rows(sql, &params).await.map(drop)
    }
}
