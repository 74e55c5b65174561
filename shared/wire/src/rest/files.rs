//! Files in rooms, and where to download them.

use domain::file::{File, Status};
use domain::{FileId, RoomId, UploadId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::page;
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
    /// When it was there.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
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
            created_at: file.created_at,
        }
    }
}

/// Which files to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FilesQuery {
    /// Those of this room, instead of all rooms that I am in.
    #[param(value_type = Option<uuid::Uuid>)]
    pub room_id: Option<RoomId>,
    /// 1 to 100, 50 unless said otherwise.
    pub limit: Option<i64>,
    /// Where the page begins, from `next_cursor`.
    pub cursor: Option<String>,
}

impl FilesQuery {
    /// Checks every field; answers room, the file to start behind, and how many.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<(Option<RoomId>, Option<FileId>, i64), Vec<FieldError>> {
        let limit = page::limit(self.limit, 50, 100);
        let cursor = self
            .cursor
            .as_deref()
            .map(crate::cursor::decode)
            .transpose();
        match (limit, cursor) {
            (Ok(limit), Ok(cursor)) => Ok((self.room_id, cursor, limit)),
            (limit, cursor) => Err([limit.err(), cursor.err()].into_iter().flatten().collect()),
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
