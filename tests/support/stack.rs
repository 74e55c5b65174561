//! The running stack that all tests share.

use store::{Password, Store};

/// Where the parts of the stack listen.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The REST API, without a slash at its end.
    pub rest: String,
    /// The WebSocket API.
    pub sockets: String,
    /// Postgres, as the functions' own role.
    pub postgres: String,
}

impl Stack {
    /// Postgres, as the functions see it; each test has a connection of its own.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::new(&self.postgres, Password::InAddress).expect("the stack knows its own address")
    }
}
