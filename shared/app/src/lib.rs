//! Use cases, the caller, problems, HTTP layers, settings and telemetry.

/// What ends a function: told in its log.
pub type Error = lambda_runtime::Error;

/// Runs a function's future to its end on a fresh runtime.
///
/// # Errors
/// What the future ended with.
pub fn start(run: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run)
}
