//! Programs of others that some tests drive; installed when missing, as the stack installs its servers.

use std::path::PathBuf;

use local::install::Package;
use tokio::sync::Mutex;

/// The program of `package`, installed first where it is missing.
///
/// # Panics
/// When it is missing and cannot be installed without a question; says which command does it.
pub async fn program(package: Package) -> PathBuf {
    // One at a time: package managers do not wait for each other.
    static INSTALLING: Mutex<()> = Mutex::const_new(());
    let _alone = INSTALLING.lock().await;
    match package.ensure(true).await {
        Ok(mut found) => found.swap_remove(0),
        Err(error) => panic!("this test drives a program of others: {error}"),
    }
}
