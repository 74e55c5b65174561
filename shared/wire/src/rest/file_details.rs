//! One file as one person sees it, and its versions.

use domain::file::{Action, Version};
use domain::{RoomId, ThreadId, UserId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::files::FileView;
use super::words;

/// A file with what I may do with it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FileDetailView {
    /// What everyone sees.
    #[serde(flatten)]
    pub file: FileView,
    /// How often it was downloaded, by people and by links.
    pub download_count: u64,
    /// The rooms that show it to me, its own among them if I may read that one.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub shown_in: Vec<RoomId>,
    /// The threads of those rooms that it is in.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub in_threads: Vec<ThreadId>,
    /// What I may do with it.
    pub my: MyFile,
}

/// What I may do with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MyFile {
    /// All that I may do now, from the table that the server itself goes by.
    #[schema(value_type = Vec<words::FileAction>)]
    pub can: Vec<Action>,
}

/// One of the contents that a file has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionView {
    /// Its number, from 1.
    pub version: u32,
    /// Whether it is today's.
    pub current: bool,
    /// Bytes.
    pub size: u64,
    /// The declared media type.
    pub content_type: String,
    /// Who sent it.
    #[schema(value_type = uuid::Uuid)]
    pub sent_by: UserId,
    /// When that was.
    #[serde(with = "super::timestamp")]
    pub sent_at: OffsetDateTime,
    /// The former version that it was taken from again.
    pub restored_from: Option<u32>,
    /// The blocked kind that its content was found to be: it cannot be had.
    pub blocked_as: Option<String>,
}

impl VersionView {
    /// A version of a file that is at `current`.
    #[must_use]
    pub fn new(version: Version, current: u32) -> Self {
        Self {
            version: version.number,
            current: version.number == current,
            size: version.size,
            content_type: version.content_type,
            sent_by: version.sent_by,
            sent_at: version.sent_at,
            restored_from: version.restored_from,
            blocked_as: version.blocked_as,
        }
    }
}
