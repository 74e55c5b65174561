//! Why the local stack could not start or go on: each says what is wrong and what to do about it.

use std::path::{Path, PathBuf};

use crate::children;
use crate::lambda::NoStart;
use crate::loopback::StartError;

/// How the system, Postgres and SQLite say that a disk takes no more.
const FULL: [&str; 3] = [
    "No space left on device",
    "File too large",
    "database or disk is full",
];

/// What ends `maru-local` with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else listens where we must.
    #[error(
        "port {0} is taken by another program: end that program, or choose another with --port N (0 takes any free one)"
    )]
    PortTaken(u16),
    /// A stack already lives in this data folder.
    #[error(
        "another stack (process {pid}) is running on {}: end it, or start this one with --data ELSEWHERE",
        .data.display()
    )]
    Locked {
        /// The folder both want.
        data: PathBuf,
        /// The process that has it, as it wrote itself down.
        pid: String,
    },
    /// A server is nowhere to be found and could not be installed.
    #[error("{what} is missing and {why}: install it with `{how}`")]
    Missing {
        /// Which server.
        what: &'static str,
        /// Why we did not install it ourselves.
        why: String,
        /// The command for this system.
        how: String,
    },
    /// The data was made by another major version of Postgres.
    #[error(
        "the data in {} was made by PostgreSQL {made}, but the server found is {found}: \
         put the `bin` folder of PostgreSQL {made} first on PATH, or forget the data with --reset",
        .data.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        data: PathBuf,
        /// Major version that made it.
        made: String,
        /// Major version of the server at hand.
        found: String,
    },
    /// The contract is not written, or not what the code says.
    #[error("docs/api")]
    Contract(#[from] crate::openapi::Error),
    /// The demo could not go on.
    #[error("the demo could not go on")]
    Demo(#[from] crate::demo::Error),
    /// Too little room to start a database safely.
    #[error(
        "only {free_mb} MB are free on the disk of {}, and {needed_mb} MB are needed: free some, or choose --data ELSEWHERE",
        .data.display()
    )]
    DiskFull {
        /// The data folder.
        data: PathBuf,
        /// What is left.
        free_mb: u64,
        /// What we want.
        needed_mb: u64,
    },
    /// A function's instances do not come up.
    #[error(
        "the function `{function}` cannot start: {how}; the end of {} says:\n{tail}\n\
         Mend what it says and start again; what the function is told stands under its `Environment` in {}",
        .log.display(), .template.display()
    )]
    NoStart {
        /// Which one.
        function: String,
        /// What became of its instance.
        how: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
        /// Where its variables are.
        template: PathBuf,
    },
    /// A server ended although nobody asked it to.
    #[error("{name} ended by itself; the end of {} says:\n{tail}", .log.display())]
    ServerEnded {
        /// Which one.
        name: &'static str,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },
    /// A server runs, but does not answer.
    #[error("{name} did not become ready within {seconds} s: see {}", .log.display())]
    NotReady {
        /// Which one.
        name: &'static str,
        /// How long we waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// Root cannot run Postgres, and there is no other user to run it as.
    #[error(
        "PostgreSQL refuses to run as root and there is no user `postgres`: create one (`useradd --system postgres`) or start as another user"
    )]
    NoPostgresUser,
    /// A helper program failed.
    #[error("{what} failed:\n{output}")]
    Program {
        /// What was being done.
        what: &'static str,
        /// What the program printed.
        output: String,
    },
    /// A file or process operation failed.
    #[error("cannot {what}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Postgres answered a statement of ours with an error.
    #[error("cannot {what} in Postgres")]
    Sql {
        /// What was being done.
        what: &'static str,
        /// Why not.
        source: tokio_postgres::Error,
    },
    /// Redis answered a command of ours with an error.
    #[error("cannot {what} in Redis")]
    Redis {
        /// What was being done.
        what: &'static str,
        /// Why not.
        source: redis::RedisError,
    },
    /// No stack runs where one is needed.
    #[error("no stack is running on {}: start one with `cargo run`", .0.display())]
    NotRunning(PathBuf),
    /// A part of the stack could not start.
    #[error(transparent)]
    Part(#[from] StartError),
    /// Anything a part of the stack already put into words.
    #[error("{0}")]
    Said(String),
}

impl Error {
    /// For `map_err`: an I/O failure while doing `what`.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// For `map_err`: a failed statement while doing `what`.
    pub fn sql(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Sql { what, source }
    }

    /// For `map_err`: a failed command while doing `what`.
    pub fn redis(what: &'static str) -> impl FnOnce(redis::RedisError) -> Self {
        move |source| Self::Redis { what, source }
    }

    /// A function that does not come up, with the end of its log.
    #[must_use]
    pub fn no_start(trouble: &NoStart, template: &Path) -> Self {
        Self::NoStart {
            function: trouble.function.clone(),
            how: trouble.how.clone(),
            log: trouble.log.clone(),
            tail: children::tail(&trouble.log),
            template: template.to_path_buf(),
        }
    }

    /// The text of the error and of all that caused it, and what to do about a full disk.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        if FULL.iter().any(|words| text.contains(words)) {
            text.push_str("\nThe disk takes no more: free some of it, or choose --data ELSEWHERE");
        }
        text
    }
}
