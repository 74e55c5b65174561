//! Files in rooms, and where to download them.

use domain::file::{File, RESTORABLE, Status};
use domain::{FileId, RoomId, UploadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::previews::{PreviewView, ScanView};
use crate::problem::FieldError;

/// A file in a room.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FileView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: FileId,
    /// The room whose access is its access.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// Who sent it.
    #[schema(value_type = uuid::Uuid)]
    pub uploader_id: UserId,
    /// The upload that it came by.
    #[schema(value_type = uuid::Uuid)]
    pub upload_id: UploadId,
    /// Its name.
    pub name: String,
    /// What it is, in its people's words; empty for nothing.
    pub description: String,
    /// A JSON object that clients keep with it.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// The declared media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// `quarantined` ones cannot be downloaded.
    pub status: FileStatus,
    /// The blocked kind that its content was found to be.
    pub blocked_as: Option<String>,
    /// What a malware scan said; `infected` ones cannot be downloaded.
    pub scan_status: ScanView,
    /// What can be seen of it before it is fetched.
    pub preview: PreviewView,
    /// Counts the contents that it has had.
    pub version: u32,
    /// What `ETag` says: counts its changes of any kind.
    pub revision: i64,
    /// Who sent today's content.
    #[schema(value_type = uuid::Uuid)]
    pub sent_by: UserId,
    /// When that was.
    #[serde(with = "super::timestamp")]
    pub sent_at: OffsetDateTime,
    /// When it was there.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// Only for a deleted file: by whom, and how long it can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeletionView>,
}

/// How a file was deleted, and what is left of its 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeletionView {
    /// Who did it.
    #[schema(value_type = uuid::Uuid)]
    pub by: UserId,
    /// When.
    #[serde(with = "super::timestamp")]
    pub at: OffsetDateTime,
    /// When it is removed for good.
    #[serde(with = "super::timestamp")]
    pub removed_at: OffsetDateTime,
    /// The same in seconds from now.
    pub restorable_for_s: i64,
}

/// Whether a file can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// It can.
    Available,
    /// Its content is of a blocked kind: a company admin decides.
    Quarantined,
    /// Somebody deleted it.
    Deleted,
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        Self {
            id: file.id,
            room_id: file.room,
            uploader_id: file.uploader,
            upload_id: file.upload,
            name: file.name,
            description: file.description,
            metadata: file.metadata,
            content_type: file.content_type,
            size: file.size,
            status: match file.status {
                Status::Available => FileStatus::Available,
                Status::Quarantined => FileStatus::Quarantined,
                Status::Deleted => FileStatus::Deleted,
            },
            blocked_as: file.blocked_as,
            scan_status: file.scan.into(),
            preview: file.preview.into(),
            version: file.version,
            revision: file.revision,
            sent_by: file.sent_by,
            sent_at: file.sent_at,
            created_at: file.created_at,
            deleted: None,
        }
    }
}

impl FileView {
    /// A file as it is seen at `now`: a deleted one tells how long it can be restored.
    #[must_use]
    pub fn at(file: File, now: OffsetDateTime) -> Self {
        let deleted = file.deleted.map(|(by, at)| {
            let removed_at = at + RESTORABLE;
            DeletionView {
                by,
                at,
                removed_at,
                restorable_for_s: (removed_at - now).whole_seconds().max(0),
            }
        });
        Self {
            deleted,
            ..Self::from(file)
        }
    }
}

/// How to download.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DownloadQuery {
    /// `true` answers 302 to the content instead of JSON.
    #[serde(default)]
    pub redirect: bool,
    /// `true` asks a browser to show the file, where its type is safe to show; else it is saved.
    #[serde(default)]
    pub inline: bool,
    /// A former version, by its number; today's content unless said otherwise.
    #[serde(default)]
    #[param(minimum = 1)]
    pub version: Option<i32>,
    /// How long the URL is good for, 60 to 86,400 seconds; an hour unless said otherwise.
    pub expires_in_s: Option<u32>,
}

/// Shortest and longest life of a download's URL, in seconds.
const URL_LIFE: std::ops::RangeInclusive<u32> = 60..=86_400;

impl DownloadQuery {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<Self, Vec<FieldError>> {
        if self
            .expires_in_s
            .is_none_or(|seconds| URL_LIFE.contains(&seconds))
        {
            return Ok(self);
        }
        let why = format!("{} to {} seconds", URL_LIFE.start(), URL_LIFE.end());
        Err(vec![FieldError::new("expires_in_s", "out_of_range", why)])
    }
}

/// Where the content is for a while.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DownloadView {
    /// `GET` it, whole or in ranges, without a token.
    pub url: String,
    /// When it ends.
    #[serde(with = "super::timestamp")]
    pub expires_at: OffsetDateTime,
}
