//! What the reaper does to files: removes deleted ones for good, keeps the search and the storage classes up to date.

use domain::search::Indexed;
use domain::{BlobId, CompanyId, FileId, RoomId};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::uploads::made;
use crate::{Error, Store, flight};

/// A deleted file whose days are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// Its company.
    pub company: CompanyId,
    /// The file.
    pub file: FileId,
}

/// A content whose object is tagged for another storage class than it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToTier {
    /// The content.
    pub blob: BlobId,
    /// Its key in the bucket.
    pub key: String,
    /// Whether it belongs into the cheaper class.
    pub archive: bool,
}

const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

/// $3: deleted before this. What other tables keep of the file goes or lets go by itself.
const PURGE: &str = "
    with gone as (
        delete from files where company_id = $1 and id = $2 and status = 'deleted' and deleted_at <= $3
        returning company_id, id, blob_id
    ),
    versions as (delete from file_versions v using gone where v.file_id = gone.id returning v.blob_id),
    sent as (update uploads u set file_id = null from gone where u.file_id = gone.id),
    lost as (
        select blob_id, count(*)::integer as refs
        from (select blob_id from gone union all select blob_id from versions) contents group by blob_id
    ),
    freed as (
        update blobs b set refs = b.refs - lost.refs from lost where b.company_id = $1 and b.id = lost.blob_id
        returning b.refs, b.size
    ),
    counted as (
        update companies c
        set storage_used = c.storage_used - (select coalesce(sum(size), 0) from freed where refs = 0)::bigint
        where c.id = $1 and exists (select from freed where refs = 0)
    ),
    audited as (
        insert into audit_log (company_id, id, at, action, target_type, target_id, detail)
        select $1, $4, $5, 'file.purged', 'file', gone.id,
            jsonb_build_object('freed_bytes', (select coalesce(sum(size), 0) from freed where refs = 0))
        from gone
    )
    select count(*) from gone";

/// $2 what each plan allows, $3 now.
const NOTE_STORAGE: &str = "select note_storage_1($1, $2, $3)";

/// Contents of a room that are not tagged as the rooms that show them want it: for the cheaper class only when none
/// of them is in use.
const TO_TIER: &str = "
    select b.id, b.key, wanted.tier = 'archive' as archive
    from (
        select f.blob_id from file_places p join files f on f.id = p.file_id where p.room_id = $1
        union
        select v.blob_id from file_places p join file_versions v on v.file_id = p.file_id where p.room_id = $1
    ) contents
    join blobs b on b.id = contents.blob_id
    cross join lateral (
        select case when exists (
            select from (
                select f.id from files f where f.blob_id = b.id
                union all
                select v.file_id from file_versions v where v.blob_id = b.id
            ) users
            join file_places p on p.file_id = users.id
            join rooms r on r.id = p.room_id and r.status = 'active'
        ) then 'standard' else 'archive' end as tier
    ) wanted
    where b.tier <> wanted.tier limit $2";

/// $1: a list of [`indexed`] names.
pub(crate) const INDEX: &str = "
    update files f set search_text = x.text, grams = x.grams
    from jsonb_to_recordset($1) as x (id uuid, name text, text text, grams integer[])
    where f.id = x.id and f.name = x.name";

/// A file, its name, and what the search keeps of it.
pub(crate) fn indexed(id: FileId, name: &str, of: &Indexed) -> Value {
    json!({ "id": id, "name": name, "text": of.text, "grams": of.grams })
}

impl Store {
    /// At most `limit` files that were deleted before `before`, of all companies, the longest gone first.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn expired_files(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Expired>, Error> {
        let rows = self
            .db()
            .await?
            .rows(
                "select company_id, id from files where status = 'deleted' and deleted_at <= $1
                 order by deleted_at limit $2",
                &[(&before, Type::TIMESTAMPTZ), (&limit, Type::INT8)],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Expired {
                    company: CompanyId(row.try_get("company_id")?),
                    file: FileId(row.try_get("id")?),
                })
            })
            .collect()
    }

    /// Removes a deleted file for good, if it was deleted before `before`: its contents lose their references, and
    /// what nothing refers to any more is not counted from now on. Answers whether it was there.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_file(
        &self,
        expired: Expired,
        before: OffsetDateTime,
        (line, at): (Uuid, OffsetDateTime),
    ) -> Result<bool, Error> {
        let company = [(&expired.company.0 as _, Type::UUID)];
        let params = [
            (&expired.company.0 as _, Type::UUID),
            (&expired.file.0 as _, Type::UUID),
            (&before as _, Type::TIMESTAMPTZ),
            (&line as _, Type::UUID),
            (&at as _, Type::TIMESTAMPTZ),
        ];
        // Who falls below a mark is warned when they cross it again.
        let mark = [
            (&expired.company.0 as _, Type::UUID),
            (&made::plans() as _, Type::JSONB),
            (&at as _, Type::TIMESTAMPTZ),
        ];
        let db = self.db().await?;
        let (_, rows, _) = flight!(
            db,
            company_locked = db.rows(LOCK_COMPANY, &company),
            purged = db.rows(PURGE, &params),
            noted = db.rows(NOTE_STORAGE, &mark),
        )?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count > 0)
    }

    /// At most `limit` files that the search knows nothing of yet, with their names.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn unindexed_files(&self, limit: i64) -> Result<Vec<(FileId, String)>, Error> {
        let sql = "select id, name from files where grams is null order by id limit $1";
        let rows = self.db().await?.rows(sql, &[(&limit, Type::INT8)]).await?;
        rows.iter()
            .map(|row| Ok((FileId(row.try_get("id")?), row.try_get("name")?)))
            .collect()
    }

    /// Tells the search what files are called, if that is still their name.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn index_files(&self, files: &[(FileId, String, Indexed)]) -> Result<(), Error> {
        let files: Vec<_> = files
            .iter()
            .map(|(id, name, it)| indexed(*id, name, it))
            .collect();
        let params = [(&json!(files) as _, Type::JSONB)];
        self.db().await?.rows(INDEX, &params).await.map(drop)
    }

    /// At most `limit` rooms that were archived or restored since their contents were looked through: company, room,
    /// and whether it is archived.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn rooms_to_tier(&self, limit: i64) -> Result<Vec<(RoomId, bool)>, Error> {
        let sql = "select id, status = 'archived' as archived from rooms
                   where (status = 'archived') <> (files_tier = 'archive') limit $1";
        let rows = self.db().await?.rows(sql, &[(&limit, Type::INT8)]).await?;
        rows.iter()
            .map(|row| Ok((RoomId(row.try_get("id")?), row.try_get("archived")?)))
            .collect()
    }

    /// At most `limit` contents of a room whose objects are to be tagged anew.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn contents_to_tier(&self, room: RoomId, limit: i64) -> Result<Vec<ToTier>, Error> {
        let params = [(&room.0 as _, Type::UUID), (&limit as _, Type::INT8)];
        let rows = self.db().await?.rows(TO_TIER, &params).await?;
        rows.iter()
            .map(|row| {
                Ok(ToTier {
                    blob: BlobId(row.try_get("id")?),
                    key: row.try_get("key")?,
                    archive: row.try_get("archive")?,
                })
            })
            .collect()
    }

    /// Notes how an object is tagged.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn content_tiered(&self, content: &ToTier) -> Result<(), Error> {
        let sql =
            "update blobs set tier = case when $2 then 'archive' else 'standard' end where id = $1";
        let params = [
            (&content.blob.0 as _, Type::UUID),
            (&content.archive as _, Type::BOOL),
        ];
        self.db().await?.rows(sql, &params).await.map(drop)
    }

    /// Notes that all contents of a room are where its state wants them, if that is still its state.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn room_tiered(&self, room: RoomId, archived: bool) -> Result<(), Error> {
        let sql = "update rooms set files_tier = case when $2 then 'archive' else 'standard' end
                   where id = $1 and (status = 'archived') = $2";
        let params = [(&room.0 as _, Type::UUID), (&archived as _, Type::BOOL)];
        self.db().await?.rows(sql, &params).await.map(drop)
    }
}
