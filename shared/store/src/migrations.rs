//! The schema, forward only: `infra/migrations`, embedded.

use crate::{Error, Store};

mod embedded {
    refinery::embed_migrations!("../../infra/migrations");
}

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

/// Applies what is missing; answers the names of what was applied. `owner` connects as the schema's owner.
///
/// # Errors
/// [`MigrateError`]; a failed migration leaves those before it in place and may be run again.
pub async fn run(owner: &Store) -> Result<Vec<String>, MigrateError> {
    let mut client = owner.connect().await?;
    let report = embedded::migrations::runner()
        .run_async(&mut client)
        .await?;
    let applied = report.applied_migrations();
    Ok(applied.iter().map(ToString::to_string).collect())
}
