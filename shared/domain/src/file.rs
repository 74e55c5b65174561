//! Files as people see them.

use time::OffsetDateTime;

use crate::preview::Preview;
use crate::scan::ScanStatus;
use crate::{FileId, RoomId, UploadId, UserId};

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The number of the room's event that made it.
    pub seq: i64,
    /// When it was there.
    pub created_at: OffsetDateTime,
}
