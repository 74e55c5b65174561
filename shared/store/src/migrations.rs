//! The schema, forward only: `infra/migrations`, embedded.

use tokio_postgres::{Config, NoTls};

use crate::Error;

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

/// Applies what is missing, as the owner named in `address`; answers how many were applied.
///
/// # Errors
/// [`MigrateError`]; a failed migration leaves those before it in place and may be run again.
pub async fn run(address: &str) -> Result<usize, MigrateError> {
    let config: Config = address.parse().map_err(Error::Config)?;
    let (mut client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| Error::Unavailable(error.into()))?;
    let driver = tokio::spawn(connection);
    let report = embedded::migrations::runner().run_async(&mut client).await;
    drop(client);
    // The connection ends with its client; how it ends no longer matters.
    drop(driver.await);
    Ok(report?.applied_migrations().len())
}
