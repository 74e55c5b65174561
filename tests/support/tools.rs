//! Programs of others that some tests drive; installed when missing, as the stack installs its servers.

use std::path::PathBuf;

use local::install::Package;

/// The program of `package`, installed first where it is missing.
///
/// # Panics
/// When it is missing and cannot be installed without a question; says which command does it.
pub async fn program(package: Package) -> PathBuf {
    match package.ensure(true).await {
        Ok(mut found) => found.swap_remove(0),
        Err(error) => panic!("this test drives a program of others: {error}"),
    }
}
