//! The running stack that all tests share.

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
