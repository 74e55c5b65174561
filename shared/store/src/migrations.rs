//! The schema, forward only: `infra/migrations`, embedded.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::{Error, Store};

mod embedded {
    refinery::embed_migrations!("../../infra/migrations");
}

/// What everyone who changes the schema or the keys waits for; the number means nothing else.
const LOCK: i64 = 0x6d61_7275;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The server could not be reached.
    #[error("cannot connect to migrate")]
    Connect(#[from] Error),
    /// A migration failed; the ones before it stay.
    #[error("a migration failed")]
    Migration(#[from] refinery::Error),
}

/// The right to change the schema and the keys, which one run has at a time; given back when dropped.
///
/// A lock of the connection: the owner connects to the server itself, never through a proxy that would share it.
pub struct Turn {
    client: Client,
}

/// Waits until no other run is at work. `owner` connects as the schema's owner.
///
/// # Errors
/// When the server cannot be reached.
pub async fn turn(owner: &Store) -> Result<Turn, Error> {
    let client = owner.connect().await?;
    let sql = "select pg_advisory_lock($1)";
    client.query_typed(sql, &[(&LOCK, Type::INT8)]).await?;
    Ok(Turn { client })
}

impl Turn {
    /// Applies what is missing; answers the names of what was applied.
    ///
    /// # Errors
    /// [`MigrateError`]; a failed migration leaves those before it in place and may be run again.
    pub async fn migrate(&mut self) -> Result<Vec<String>, MigrateError> {
        let report = embedded::migrations::runner()
            .run_async(&mut self.client)
            .await?;
        let applied = report.applied_migrations();
        Ok(applied.iter().map(ToString::to_string).collect())
    }
}
