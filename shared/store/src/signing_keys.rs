//! Public halves of the keys that sign access tokens.

use time::OffsetDateTime;
use tokio_postgres::types::Type;

use crate::{Error, Store};

/// A public key and the name that tokens call it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name.
    pub kid: String,
    /// Ed25519, 32 raw bytes.
    pub public_key: Vec<u8>,
}

impl Store {
    /// Every key that may still have signed a living token, newest first.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let rows = self
            .db()
            .await?
            .rows(
                "select kid, public_key from signing_keys order by created_at desc",
                &[],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(SigningKey {
                    kid: row.try_get("kid")?,
                    public_key: row.try_get("public_key")?,
                })
            })
            .collect()
    }

    /// Makes `keys` known, and lets every other key retire at `retire_at` unless it does so earlier. Only the
    /// schema's owner may.
    ///
    /// # Errors
    /// When Postgres does not answer or refuses.
    pub async fn publish_signing_keys(
        &self,
        keys: &[SigningKey],
        now: OffsetDateTime,
        retire_at: OffsetDateTime,
    ) -> Result<(), Error> {
        let kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
        let public: Vec<_> = keys.iter().map(|key| key.public_key.as_slice()).collect();
        let db = self.db().await?;
        db.rows(
            "with known as (
                 insert into signing_keys (kid, public_key, created_at)
                 select kid, public_key, $3 from unnest($1, $2) as key (kid, public_key)
                 on conflict (kid) do update set retires_at = null
             )
             update signing_keys set retires_at = $4 where kid <> all ($1) and retires_at is null",
            &[
                (&kids, Type::TEXT_ARRAY),
                (&public, Type::BYTEA_ARRAY),
                (&now, Type::TIMESTAMPTZ),
                (&retire_at, Type::TIMESTAMPTZ),
            ],
        )
        .await
        .map(drop)
    }

    /// Forgets keys that have retired; answers how many. Only the schema's owner may.
    ///
    /// # Errors
    /// When Postgres does not answer or refuses.
    pub async fn forget_signing_keys(&self, now: OffsetDateTime) -> Result<usize, Error> {
        let db = self.db().await?;
        let rows = db
            .rows(
                "delete from signing_keys where retires_at < $1 returning 1",
                &[(&now, Type::TIMESTAMPTZ)],
            )
            .await?;
        Ok(rows.len())
    }
}
