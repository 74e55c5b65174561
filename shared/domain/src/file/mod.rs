//! Files as people see them.

mod about;
mod filter;
mod permission;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

pub use about::{BadMetadata, Change, Description, Metadata};
pub use filter::{Filter, Media, State};
pub use permission::{Action, FileRule, Refusal, Standing, actions, check};

/// How long a deleted file can be restored.
pub const RESTORABLE: Duration = Duration::days(30);

/// Most files that a room pins.
pub const MAX_PINS: i64 = 50;

use crate::preview::Preview;
use crate::scan::ScanStatus;
use crate::{FileId, LinkId, RoomId, UploadId, UserId};

/// Whether a file can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It can.
    Available,
    /// Its content is of a blocked kind: a company admin decides.
    Quarantined,
    /// Somebody deleted it.
    Deleted,
}

impl Status {
    const ALL: [Self; 3] = [Self::Available, Self::Quarantined, Self::Deleted];

    /// Its name in answers and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Quarantined => "quarantined",
            Self::Deleted => "deleted",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A file in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// The room whose access is its access.
    pub room: RoomId,
    /// Who sent it.
    pub uploader: UserId,
    /// The upload that it came by.
    pub upload: UploadId,
    /// Its name.
    pub name: String,
    /// What it is, in its people's words; empty for nothing.
    pub description: String,
    /// A JSON object that clients keep with it.
    pub metadata: Option<Value>,
    /// The declared media type.
    pub content_type: String,
    /// What its first bytes say it is, when they say anything and were looked at.
    pub detected_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Whether it can be had.
    pub status: Status,
    /// The blocked kind that it was found to be.
    pub blocked_as: Option<String>,
    /// What a malware scan said about its content.
    pub scan: ScanStatus,
    /// What can be seen of it.
    pub preview: Preview,
    /// Counts the contents that it has had.
    pub version: u32,
    /// Counts its changes of any kind.
    pub revision: i64,
    /// Who sent today's content.
    pub sent_by: UserId,
    /// When that was.
    pub sent_at: OffsetDateTime,
    /// The number of the room's event that made it.
    pub seq: i64,
    /// When it was there.
    pub created_at: OffsetDateTime,
    /// Who deleted it and when, while it is.
    pub deleted: Option<(UserId, OffsetDateTime)>,
}

/// One of the contents that a file has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// The declared media type.
    pub content_type: String,
    /// Who sent it.
    pub sent_by: UserId,
    /// When that was.
    pub sent_at: OffsetDateTime,
    /// The former version that it was taken from again.
    pub restored_from: Option<u32>,
    /// The blocked kind that its content was found to be.
    pub blocked_as: Option<String>,
}

/// A link that shares a file with anyone who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id; the secret in it is known to nobody but those who were given it.
    pub id: LinkId,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it ends, if it does by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// How many downloads it is good for, if that is limited.
    pub max_downloads: Option<u32>,
    /// How many there were.
    pub downloads: u32,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was taken back, if it was.
    pub revoked_at: Option<OffsetDateTime>,
}
