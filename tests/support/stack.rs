//! The running stack that all tests share.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde::Deserialize;
use store::{Password, Store};

use crate::launch::{Launch, Running};

/// Where the parts of the stack listen: what `maru-local --json` says about itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Stack {
    /// The REST API, without a slash at its end.
    pub rest: String,
    /// The WebSocket API.
    #[serde(rename = "socket")]
    pub sockets: String,
    /// The base of `@connections`.
    pub management: String,
    /// S3; path-style addresses only.
    pub s3: String,
    /// DynamoDB.
    pub dynamodb: String,
    /// Lambda's Invoke API.
    pub lambda: String,
    /// The control endpoint: faults, counters, stopping and starting servers.
    pub control: String,
    /// Postgres, as the functions' own role.
    pub postgres: String,
    /// Postgres, as the owner of the schema.
    pub postgres_owner: String,
    /// Redis.
    pub redis: String,
    /// The bucket's name.
    pub bucket: String,
    /// The table's name.
    pub table: String,
    /// The data folder.
    pub data: PathBuf,
    /// The stack's process.
    pub pid: u32,
}

impl Stack {
    /// The stack of this test process, started at the first call; `MARU_STACK` names the `stack.json` of a
    /// running one to use instead.
    ///
    /// It ends with this process, in whatever way that ends.
    ///
    /// # Panics
    /// When it does not start.
    #[expect(
        clippy::unused_async,
        reason = "callers should not rely on it being ready at once"
    )]
    pub async fn get() -> &'static Self {
        static RUNNING: OnceLock<Running> = OnceLock::new();
        static GIVEN: OnceLock<Stack> = OnceLock::new();
        if let Some(path) = std::env::var_os("MARU_STACK") {
            return GIVEN.get_or_init(|| {
                let text = std::fs::read(&path).expect("MARU_STACK names a readable file");
                serde_json::from_slice(&text).expect("MARU_STACK names a stack.json")
            });
        }
        &RUNNING
            .get_or_init(|| {
                Launch::temporary()
                    .arg("--faults")
                    .start()
                    .expect("the stack starts")
            })
            .stack
    }

    /// Postgres, as the functions see it; each test has a connection of its own.
    ///
    /// # Panics
    /// When the stack told a malformed address.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::new(&self.postgres, Password::InAddress).expect("the stack knows its own address")
    }
}
