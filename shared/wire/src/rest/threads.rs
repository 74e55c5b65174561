//! Threads, as far as files make them.

use domain::thread::Kind;
use domain::{FileId, RoomId, ThreadId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A thread: the data of `thread.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThreadView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: ThreadId,
    /// The room that it is in.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// The number of the event that created it.
    pub seq: i64,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: ThreadKind,
    /// Whether it goes on.
    pub status: ThreadStatus,
    /// Who made it.
    #[schema(value_type = uuid::Uuid)]
    pub created_by: UserId,
    /// The file that it was made from.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub file_id: Option<FileId>,
    /// When it was made.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
}

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadKind {
    /// Talking something over.
    Discussion,
    /// Around a file.
    FileSharing,
    /// Few write, many read.
    Announcement,
    /// Somebody wants to know.
    Question,
}

/// Whether a thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    /// It does.
    Active,
    /// It is settled.
    Resolved,
    /// It is put away.
    Archived,
    /// Somebody deleted it.
    Deleted,
}

impl From<Kind> for ThreadKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Discussion => Self::Discussion,
            Kind::FileSharing => Self::FileSharing,
            Kind::Announcement => Self::Announcement,
            Kind::Question => Self::Question,
        }
    }
}

impl From<ThreadKind> for Kind {
    fn from(kind: ThreadKind) -> Self {
        match kind {
            ThreadKind::Discussion => Self::Discussion,
            ThreadKind::FileSharing => Self::FileSharing,
            ThreadKind::Announcement => Self::Announcement,
            ThreadKind::Question => Self::Question,
        }
    }
}
