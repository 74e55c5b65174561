//! What can go wrong between us and Postgres.

use tokio_postgres::error::SqlState;

/// A failed statement or connection; refusals by a rule are not errors but data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server cannot be reached, or went away before it answered.
    #[error("Postgres is not reachable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server refused the statement.
    #[error("a statement failed")]
    Statement(#[source] tokio_postgres::Error),
    /// A row that the rules say cannot exist.
    #[error("stored data makes no sense: {0}")]
    Corrupt(String),
    /// The connection's settings are wrong.
    #[error("the address of Postgres is malformed")]
    Config(#[source] tokio_postgres::Error),
}

impl Error {
    /// The constraint that turned a row away, if that is what happened.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Statement(error) => error.as_db_error()?.constraint(),
            _ => None,
        }
    }

    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let gone = match error.code() {
            None => true,
            Some(code) => [
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::TOO_MANY_CONNECTIONS,
            ]
            .contains(code),
        };
        if gone {
            Self::Unavailable(error.into())
        } else {
            Self::Statement(error)
        }
    }
}
