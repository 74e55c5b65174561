//! What can go wrong between us and Postgres.

use std::fmt;

use tokio_postgres::error::SqlState;

/// A failed statement or connection; refusals by a rule are not errors but data.
#[derive(thiserror::Error)]
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

/// For the log: which statement broke which rule of the database. The server's details are left out, because they
/// quote the row, and with it what somebody wrote.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(source) => f.debug_tuple("Unavailable").field(source).finish(),
            Self::Statement(error) | Self::Config(error) => match error.as_db_error() {
                Some(refused) => f
                    .debug_struct("Statement")
                    .field("code", refused.code())
                    .field("message", &refused.message())
                    .field("table", &refused.table())
                    .field("column", &refused.column())
                    .field("constraint", &refused.constraint())
                    .finish(),
                None => f.debug_tuple("Statement").field(error).finish(),
            },
            Self::Corrupt(what) => f.debug_tuple("Corrupt").field(what).finish(),
        }
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
