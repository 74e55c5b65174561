//! What the reaper asks: sessions whose time is over, that stopped half way, or that left something in S3.

use domain::UploadId;
use domain::upload::Upload;
use time::OffsetDateTime;
use tokio_postgres::types::Type;

use super::row;
use crate::{Error, Store};

const EXPIRED: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up where up.state in ('pending', 'in_progress', 'completing') and up.expires_at <= $1
        -- Who waits behind a large file is not idle.
        and not (up.state = 'pending' and up.batch_id is not null and exists (
            select from uploads s where s.uploader_id = up.uploader_id and s.state in ('in_progress', 'completing')))
      order by up.expires_at limit $2"
);

/// Pending without a batch: nobody began it in S3, and nobody was told of it.
const LOST: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up
      where up.state = 'pending' and up.batch_id is null and up.s3_upload_id is null and up.last_activity_at <= $1
      order by up.id limit $2"
);

/// Each run asks for the pauses that ended since the last one, which was a minute ago or up to half a minute more.
const STALLED: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up
      where up.state in ('in_progress', 'completing') and up.join_asked_at is not null
        and exists (
            select from (values (0), (30)) late (seconds),
                lateral div(extract(epoch from $1 - up.join_asked_at) - late.seconds, 60) minutes
            where minutes in (1, 2, 4, 8) or (minutes > 0 and minutes % 16 = 0)
        )
      order by up.join_asked_at limit $2"
);

/// One of each person who waits although a place may be free.
const WAITING: &str = concat!(
    "select distinct on (up.uploader_id) ",
    row::columns!("up"),
    " from uploads up
      where up.state = 'pending' and up.batch_id is not null and up.last_activity_at <= $1
        and not exists (select from uploads s where s.uploader_id = up.uploader_id and s.state = 'in_progress')
      order by up.uploader_id, up.id limit $2"
);

const UNSWEPT: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up where up.ended_at is not null and up.swept_at is null and up.ended_at <= $1
      order by up.ended_at limit $2"
);

impl Store {
    /// Open sessions that ended by time, of all companies, oldest first.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn expired_uploads(
        &self,
        now: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(EXPIRED, now, limit).await
    }

    /// Sessions that were never begun in S3 and belong to no batch, idle since before `since`, of all companies.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn lost_uploads(
        &self,
        since: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(LOST, since, limit).await
    }

    /// One waiting session of each person who waits since before `since` while they send nothing, of all companies.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn stuck_uploads(
        &self,
        since: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(WAITING, since, limit).await
    }

    /// Notes that nobody waits for a session to be finished: its parts are not all there.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn upload_not_asked(&self, id: UploadId, since: OffsetDateTime) -> Result<(), Error> {
        let sql = "update uploads set join_asked_at = null where id = $1 and join_asked_at <= $2";
        let params = [(&id.0 as _, Type::UUID), (&since as _, Type::TIMESTAMPTZ)];
        self.db().await?.rows(sql, &params).await.map(drop)
    }

    /// Sessions that somebody wanted finished and that still are not, of all companies: those whose turn it is `now`,
    /// at growing distances from when it was asked.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn stalled_uploads(
        &self,
        now: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(STALLED, now, limit).await
    }

    /// Sessions that ended before `since` and may have left something in S3, of all companies.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn unswept_uploads(
        &self,
        since: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(UNSWEPT, since, limit).await
    }

    /// Notes that S3 holds nothing of an ended session that nobody needs.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn upload_swept(&self, id: UploadId, at: OffsetDateTime) -> Result<(), Error> {
        self.db()
            .await?
            .rows(
                "update uploads set swept_at = $2 where id = $1 and ended_at is not null and swept_at is null",
                &[(&id.0, Type::UUID), (&at, Type::TIMESTAMPTZ)],
            )
            .await?;
        Ok(())
    }

    async fn upload_sessions(
        &self,
        sql: &str,
        at: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        let params = [(&at as _, Type::TIMESTAMPTZ), (&limit as _, Type::INT8)];
        let rows = self.db().await?.rows(sql, &params).await?;
        rows.iter().map(row::upload).collect()
    }
}
