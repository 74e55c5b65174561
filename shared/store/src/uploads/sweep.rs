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
      order by up.expires_at limit $2"
);

const STALLED: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up where up.state = 'completing' and up.last_activity_at <= $1
      order by up.last_activity_at limit $2"
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

    /// Sessions that have been completing since before `since`, of all companies.
    ///
    /// # Errors
    /// As [`Store::expired_uploads`].
    pub async fn stalled_uploads(
        &self,
        since: OffsetDateTime,
        limit: i64,
    ) -> Result<Vec<Upload>, Error> {
        self.upload_sessions(STALLED, since, limit).await
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
