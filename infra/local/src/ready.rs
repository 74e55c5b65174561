//! What a running stack tells about itself: the JSON line and `DATA/stack.json`.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::{Error, data};

/// Addresses, names and people of a stack that is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Base of the REST API.
    pub rest: String,
    /// Address for WebSockets, stage included.
    pub socket: String,
    /// Base of `@connections`.
    pub management: String,
    /// The try-out page, and the API reference under `/reference`.
    #[serde(default)]
    pub pages: String,
    /// The S3 endpoint.
    pub s3: String,
    /// The DynamoDB endpoint.
    pub dynamodb: String,
    /// The Lambda endpoint (invocations).
    pub lambda: String,
    /// The control endpoint.
    pub control: String,
    /// Postgres as the functions use it; holds a password.
    pub postgres: String,
    /// Postgres as its owner; holds a password.
    pub postgres_owner: String,
    /// Redis.
    pub redis: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Name of the table.
    pub table: String,
    /// The data folder.
    pub data: PathBuf,
    /// The stack's process.
    pub pid: u32,
    /// Two people of one company who can sign in.
    pub people: Vec<Person>,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Address to sign in with.
    pub email: String,
    /// Password to sign in with.
    pub password: String,
    /// Name.
    pub full_name: String,
}

impl Ready {
    /// Reads what the last stack on `data` wrote, whether it still runs or not.
    #[must_use]
    pub fn last(data: &Path) -> Option<Self> {
        let text = std::fs::read(data.join("stack.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The running stack on `data`.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn running(data: &Path) -> Result<Self, Error> {
        Self::last(data)
            .filter(Self::is_alive)
            .ok_or_else(|| Error::NotRunning(data.to_path_buf()))
    }

    /// Keeps it where [`Ready::last`] finds it, readable by us alone.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn keep(&self) -> Result<(), Error> {
        data::write_private(&self.data.join("stack.json"), self.line().as_bytes())
    }

    /// As one line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn is_alive(&self) -> bool {
        Pid::from_raw(self.pid.cast_signed()).is_some_and(|pid| test_kill_process(pid).is_ok())
    }
}
