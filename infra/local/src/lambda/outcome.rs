//! What came of invocations: their errors, and counts of them.

use std::path::PathBuf;

use bytes::Bytes;

/// What has happened to a function since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// Invocations handed to instances.
    pub invocations: u64,
    /// Those that ended in an error, a time-out or a lost instance.
    pub errors: u64,
    /// Those that were cut because they took too long.
    pub timeouts: u64,
    /// Bytes of all events.
    pub bytes_in: u64,
    /// Bytes of all answers.
    pub bytes_out: u64,
    /// Instances started.
    pub starts: u64,
    /// Instances alive now.
    pub instances: u64,
    /// The most memory that one instance ever had resident, in KiB.
    pub peak_rss_kib: u64,
}

/// A function with an instance that ended, unasked, before it took an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStart {
    /// The function.
    pub function: String,
    /// What became of the instance.
    pub how: String,
    /// Where it logged.
    pub log: PathBuf,
}

/// Why an invocation has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such function in the template.
    #[error("there is no function `{0}`")]
    Unknown(String),
    /// The event, or the answer, is larger than Lambda takes.
    #[error("more than {0} bytes")]
    TooLarge(usize),
    /// Every instance was busy for longer than an invocation may wait.
    #[error("no instance was free in time")]
    Throttled,
    /// The function's time-out passed; its instance was killed.
    #[error("the function did not answer in time")]
    TimedOut,
    /// The instance ended before it answered.
    #[error("the instance ended without an answer")]
    Exited,
    /// The function reported an error: JSON with `errorType` and `errorMessage`.
    #[error("the function failed: {}", String::from_utf8_lossy(.0))]
    Failed(Bytes),
}
