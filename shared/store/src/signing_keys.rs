//! Public halves of the keys that sign access tokens.

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
}
