//! Use cases, the caller, problems, HTTP layers, settings and telemetry.
//!
//! Handlers call use cases (one file per aggregate); use cases compose the three adapters.

pub mod auth;
pub mod caller;
pub mod clock;
pub mod config;
mod door;
pub mod env;
pub mod files;
pub mod http;
pub mod lost;
pub mod members;
pub mod messages;
pub mod password;
pub mod people;
pub mod previews;
pub mod problem;
mod random;
mod rds_token;
pub mod realtime;
mod refresh_token;
pub mod rooms;
pub mod scans;
pub mod secret;
pub mod signing;
pub mod socket;
pub mod standing;
pub mod status;
pub mod telemetry;
pub mod token;
pub mod uploads;

pub use ::files::{Error as FilesError, Files};
pub use caller::{Caller, Client};
pub use live::Live;
pub use problem::Problem;
pub use store::Store;

/// The allocator of functions that answer calls. It takes a gigabyte of addresses at once: nothing for `previews`, whose
/// worker may have few of them.
pub use mimalloc::MiMalloc as Allocator;

/// What ends a function: told in its log.
pub type Error = lambda_runtime::Error;

/// Runs a function's future to its end on a fresh runtime. What it fails with is told in the log, as everything is,
/// and ends the process.
///
/// # Errors
/// When there is no runtime to be had.
pub fn start(run: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    telemetry::init();
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run);
    if let Err(error) = ended {
        tracing::error!(%error, "the function cannot run");
        std::process::exit(1);
    }
    Ok(())
}
