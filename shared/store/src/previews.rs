//! Previews: begun, noted, told to the rooms.

use domain::preview::{MAX_TRIES, Preview};
use domain::{CompanyId, FileId, RoomId};
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::files::sql::{self, told};
use crate::files::{FileEvent, preview, told};
use crate::uploads::row::{corrupt, unsigned};
use crate::{Error, Inspected, Params, Store, flight};

/// A preview that somebody sets out to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// The company of the content.
    pub company: CompanyId,
    /// The room that it is or will be a file of.
    pub room: RoomId,
    /// Bytes of the content.
    pub size: u64,
    /// Whether its content is of a blocked kind.
    pub blocked: bool,
    /// The preview, when it was made before.
    pub made: Option<Preview>,
    /// How often somebody set out, this time included; 0 when it was made before.
    pub tries: i32,
    /// When somebody did the last time before.
    pub tried_at: Option<OffsetDateTime>,
}

/// Something that is to be told to the rooms of some content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Its preview.
    Preview,
    /// What a malware scan said.
    Scan,
}

impl News {
    fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Scan => "scan",
        }
    }

    /// The type of its event.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Preview => "file.preview",
            Self::Scan => "file.scanned",
        }
    }
}

pub(crate) const LOCK_ROOM: &str =
    "select 1 from rooms where company_id = $1 and id = $2 for no key update";

const BEGIN: &str = "
    with seen as (
        select up.company_id, up.room_id, up.size, coalesce(b.preview, up.preview) as preview,
            up.preview_tried_at, coalesce(b.blocked_as, up.blocked_as) is not null as blocked
        from uploads up left join blobs b on b.company_id = up.company_id and b.key = up.key
        where up.key = $1
    ),
    tried as (
        update uploads up set preview_tries = up.preview_tries + 1,
            -- Who only asks does not set out: however often the reaper asks, the last one who did is given up in time.
            preview_tried_at = case when up.preview_tries < $3 then $2 else up.preview_tried_at end
        from seen where up.key = $1 and seen.preview is null
        returning up.preview_tries
    )
    select seen.*, coalesce((select preview_tries from tried), 0) as tries from seen";

/// Written on the upload for a completion that is still to come, and on the content for the files that it has.
const NOTE: &str = "
    with up as (
        update uploads set preview = $3 where company_id = $1 and key = $2 and preview is null
    )
    update blobs set preview = $3 where company_id = $1 and key = $2 and preview is null";

/// Content that is stored, or may still come to be.
const NEEDED: &str = "
    select exists (select from blobs where company_id = $1 and key = $2) or exists (
        select from uploads where company_id = $1 and key = $2
            and state in ('pending', 'in_progress', 'completing')) as needed";

/// Files of the content whose room has not heard of it as it is now.
const UNTOLD: &str = "
    select f.room_id, f.id
    from blobs b
    join files f on f.company_id = b.company_id and f.blob_id = b.id and f.status <> 'deleted'
    left join file_news n on n.file_id = f.id and n.blob_id = b.id and n.what = $3
    where b.company_id = $1 and b.key = $2
      and case $3 when 'preview' then b.preview ->> 'state' else nullif(b.scan_status, 'not_scanned') end
          is distinct from n.value";

/// Once for each value, however often it comes; in every room that shows the file.
const TELL: &str = concat!(
    "with new as (
        insert into file_news (company_id, file_id, blob_id, what, value)
        select f.company_id, f.id, b.id, $3,
            case $3 when 'preview' then b.preview ->> 'state' else b.scan_status end
        from files f join blobs b on b.company_id = f.company_id and b.id = f.blob_id
        where f.company_id = $1 and f.id = $2 and b.key = $4 and f.status <> 'deleted'
          and case $3 when 'preview' then b.preview is not null else true end
        on conflict (file_id, blob_id, what) do update set value = excluded.value
        where file_news.value <> excluded.value
        returning file_id, blob_id
    ),
    moved as (
        update rooms r set last_seq = r.last_seq + 1 from new
        where r.company_id = $1 and r.id in (select p.room_id from file_places p where p.file_id = new.file_id)
        returning r.id, r.last_seq
    ),
    logged as (
        insert into room_events (company_id, room_id, seq, type, payload, at)
        select $1, moved.id, moved.last_seq, $5,
            case $3
                when 'preview' then jsonb_build_object('file_id', new.file_id, 'preview', b.preview)
                else jsonb_build_object('file_id', new.file_id, 'scan_status', b.scan_status)
            end, $6
        from new, moved, blobs b where b.company_id = $1 and b.id = new.blob_id
        returning room_id, seq, payload
    )
    select told.* from (select) as one ",
    told!()
);

impl Store {
    /// Sets out to make the preview of the object `key`; `None` for an object that is not ours.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn begin_preview(
        &self,
        key: &str,
        at: OffsetDateTime,
    ) -> Result<Option<Begun>, Error> {
        let found = self
            .db()
            .await?
            .row(
                BEGIN,
                &[
                    (&key, Type::TEXT),
                    (&at, Type::TIMESTAMPTZ),
                    (&MAX_TRIES, Type::INT4),
                ],
            )
            .await?;
        let Some(row) = found else {
            return Ok(None);
        };
        let tries: i32 = row.try_get("tries")?;
        let made = match tries {
            0 => Some(preview(&row)?),
            _ => None,
        };
        Ok(Some(Begun {
            company: CompanyId(row.try_get("company_id")?),
            room: RoomId(row.try_get("room_id")?),
            size: unsigned(&row, "size")?,
            blocked: row.try_get("blocked")?,
            made,
            tries,
            tried_at: row.try_get("preview_tried_at")?,
        }))
    }

    /// Takes back that somebody set out to make the preview of the object `key`.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn put_preview_back(&self, key: &str) -> Result<(), Error> {
        let sql =
            "update uploads set preview_tries = greatest(preview_tries - 1, 0) where key = $1";
        self.db().await?.rows(sql, &[(&key, Type::TEXT)]).await?;
        Ok(())
    }

    /// Contents that were stored before `before` and still have no preview, oldest first.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn without_preview(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<String>, Error> {
        let sql = "select key from blobs where preview is null and created_at < $1 order by created_at limit $2";
        let params = [(&before as _, Type::TIMESTAMPTZ), (&limit as _, Type::INT8)];
        let rows = self.db().await?.rows(sql, &params).await?;
        rows.iter().map(|row| Ok(row.try_get("key")?)).collect()
    }

    /// Writes down the preview of the object `key`, in order with a completion that may be under way: whichever comes
    /// second sees the other. The first preview stays. Answers whether the content is needed (still).
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn note_preview(
        &self,
        object: &Inspected,
        key: &str,
        made: &Preview,
    ) -> Result<bool, Error> {
        let made =
            serde_json::to_value(made).map_err(|error| corrupt("preview", &error.to_string()))?;
        let params = [
            (&object.company.0 as _, Type::UUID),
            (&key as _, Type::TEXT),
            (&made as _, Type::JSONB),
        ];
        let rows = self.note(object, NOTE, &params, NEEDED).await?;
        let needed = rows.first().map(|row| row.try_get("needed")).transpose()?;
        Ok(needed.unwrap_or(false))
    }

    /// Writes something down about an object behind its room's lock, then asks `after` about it, with the first two
    /// parameters: the company and the key.
    pub(crate) async fn note(
        &self,
        object: &Inspected,
        write: &str,
        params: Params<'_>,
        after: &str,
    ) -> Result<Vec<Row>, Error> {
        let db = self.db().await?;
        let room = [
            (&object.company.0 as _, Type::UUID),
            (&object.room.0 as _, Type::UUID),
        ];
        let (_, _, rows) = flight!(
            db,
            room_locked = db.rows(LOCK_ROOM, &room),
            noted = db.rows(write, params),
            rows = db.rows(after, &params[..2]),
        )?;
        Ok(rows)
    }

    /// The files of the content `key` whose rooms have not heard the news of it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn untold_files(
        &self,
        company: CompanyId,
        key: &str,
        news: News,
    ) -> Result<Vec<(RoomId, FileId)>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&key as _, Type::TEXT),
            (&news.as_str() as _, Type::TEXT),
        ];
        let rows = self.db().await?.rows(UNTOLD, &params).await?;
        rows.iter()
            .map(|row| Ok((RoomId(row.try_get("room_id")?), FileId(row.try_get("id")?))))
            .collect()
    }

    /// Writes the news of the content `key` into the logs of the rooms that show one file of it, unless it is there.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn tell_of_file(
        &self,
        company: CompanyId,
        file: FileId,
        key: &str,
        news: News,
        at: OffsetDateTime,
    ) -> Result<Option<FileEvent>, Error> {
        let db = self.db().await?;
        let params = [
            (&company.0 as _, Type::UUID),
            (&file.0 as _, Type::UUID),
            (&news.as_str() as _, Type::TEXT),
            (&key as _, Type::TEXT),
            (&news.event() as _, Type::TEXT),
            (&at as _, Type::TIMESTAMPTZ),
        ];
        let (_, rows) = flight!(
            db,
            rooms_locked = db.rows(sql::LOCK, &params[..2]),
            rows = db.rows(TELL, &params),
        )?;
        let told = rows
            .first()
            .map(|row| told(row, news.event()))
            .transpose()?;
        Ok(told.flatten())
    }
}
