//! What can go wrong between us and Redis, DynamoDB or the sockets.

/// The failure below, whatever its library calls it.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A store of what is live did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis is away, late, or refused a command.
    #[error("Redis did not answer")]
    Redis(#[source] Source),
    /// DynamoDB is away, throttles, or refused a call.
    #[error("DynamoDB did not answer")]
    Dynamo(#[source] Source),
    /// The management API or the invoke API could not be reached.
    #[error("a call to {0} failed")]
    Call(&'static str, #[source] Source),
    /// Who is in a room could not be read.
    #[error("the members of a room could not be read")]
    Members(#[source] Source),
    /// A setting that the call needs is not there or makes no sense.
    #[error("the setting {0} is missing or malformed")]
    Setting(&'static str),
}

impl Error {
    /// A failed call to DynamoDB.
    pub fn dynamo(source: impl Into<Source>) -> Self {
        Self::Dynamo(source.into())
    }
}

impl From<redis::RedisError> for Error {
    fn from(error: redis::RedisError) -> Self {
        Self::Redis(error.into())
    }
}
