//! The running stack that all tests share.

use std::ops::Deref;
use std::sync::OnceLock;

use aws_credential_types::Credentials;
use local::ready::Ready;
use serde::Deserialize;
use store::{Password, Store};

use crate::launch::{Launch, Running};

/// A running stack: where its parts listen, as `maru-local --json` says itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Stack(Ready);

impl Stack {
    /// The stack of this test process, started at the first call; `MARU_STACK` names the `stack.json` of a
    /// running one to use instead. Its stores are reached through proxies that make faults.
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
        Self::shared(&["--faults"])
    }

    /// The same without faults, for figures: nothing stands between the functions and their stores.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn plain() -> &'static Self {
        Self::shared(&[])
    }

    fn shared(arguments: &[&str]) -> &'static Self {
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
                let launch = Launch::temporary();
                let launch = arguments
                    .iter()
                    .fold(launch, |launch, argument| launch.arg(argument));
                launch.start().expect("the stack starts")
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

/// What every function of a stack has.
#[must_use]
pub fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "test")
}

impl Deref for Stack {
    type Target = Ready;

    fn deref(&self) -> &Ready {
        &self.0
    }
}
