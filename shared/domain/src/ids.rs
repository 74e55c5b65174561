//! Identifiers: `UUIDv7` for everything stored, API Gateway's own string for connections.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

id! {
    /// A company: the wall around everything that belongs together.
    CompanyId;
    /// A person, in exactly one company.
    UserId;
    /// One sign-in on one device: a family of refresh tokens.
    SessionId;
    /// A chatroom.
    RoomId;
    /// A message.
    MessageId;
    /// An upload session.
    UploadId;
    /// Uploads that were begun together.
    BatchId;
    /// A file as people see it.
    FileId;
    /// A link that shares a file with anyone who has it.
    LinkId;
    /// Stored content; several files may share one.
    BlobId;
    /// A thread of a room.
    ThreadId;
}

/// A socket, as API Gateway names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub String);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
