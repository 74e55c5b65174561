//! What is removed because its time is over, in bounded batches.

use time::OffsetDateTime;
use tokio_postgres::types::Type;

use crate::{Error, Store};

impl Store {
    /// Removes at most `limit` events of rooms' logs from before `before`; answers how many.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_room_events(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<u64, Error> {
        self.purge(
            "delete from room_events where ctid = any (array (
                 select ctid from room_events where at < $1 limit $2))",
            before,
            limit,
        )
        .await
    }

    /// The same for the logs of people.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_user_events(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<u64, Error> {
        self.purge(
            "delete from user_events where ctid = any (array (
                 select ctid from user_events where at < $1 limit $2))",
            before,
            limit,
        )
        .await
    }

    /// Removes at most `limit` sessions that ended before `before`, with their refresh tokens.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_sessions(&self, before: OffsetDateTime, limit: i64) -> Result<u64, Error> {
        self.purge(
            "delete from sessions where id = any (array (
                 select id from sessions where least(expires_at, revoked_at) < $1 limit $2))",
            before,
            limit,
        )
        .await
    }

    /// Removes at most `limit` refresh tokens that were used before `before`: past that, a stolen one is worthless
    /// because its session is over.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_refresh_tokens(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<u64, Error> {
        self.purge(
            "delete from refresh_tokens where hash = any (array (
                 select hash from refresh_tokens where used_at < $1 limit $2))",
            before,
            limit,
        )
        .await
    }

    /// Forgets at most `limit` addresses whose last failed sign-in was before `before` and whose lock is over.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn purge_sign_in_failures(
        &self,
        before: OffsetDateTime,
        limit: i64,
    ) -> Result<u64, Error> {
        self.purge(
            "delete from sign_in_failures where email_hash = any (array (
                 select email_hash from sign_in_failures
                 where last_at < $1 and (locked_until is null or locked_until < $1) limit $2))",
            before,
            limit,
        )
        .await
    }

    async fn purge(&self, sql: &str, before: OffsetDateTime, limit: i64) -> Result<u64, Error> {
        let sql = format!("with gone as ({sql} returning 1) select count(*) from gone");
        let params = [(&before as _, Type::TIMESTAMPTZ), (&limit as _, Type::INT8)];
        let counted = self.db().await?.row(&sql, &params).await?;
        let count: i64 = counted.map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count.unsigned_abs())
    }
}
