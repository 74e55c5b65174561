//! How uploads look: the session, its parts, its progress, and what the company has left.

use std::collections::BTreeMap;

use domain::upload::{Checksum, Part, Progress, State, Upload};
use domain::{BatchId, FileId, RoomId, ThreadId, UploadId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::files::FileView;
use super::upload_then::Then;
use super::uploads::ChecksumKind;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    /// Its bytes are reserved; it waits in its batch until a place is free.
    Pending,
    /// S3 takes its parts.
    InProgress,
    /// S3 joins its parts.
    Completing,
    /// It is a file.
    Completed,
    /// It cannot become a file any more.
    Failed,
    /// Its uploader gave it up.
    Cancelled,
    /// Nothing happened for 24 hours.
    Expired,
}

impl From<StateName> for State {
    fn from(name: StateName) -> Self {
        match name {
            StateName::Pending => Self::Pending,
            StateName::InProgress => Self::InProgress,
            StateName::Completing => Self::Completing,
            StateName::Completed => Self::Completed,
            StateName::Failed => Self::Failed,
            StateName::Cancelled => Self::Cancelled,
            StateName::Expired => Self::Expired,
        }
    }
}

impl From<State> for StateName {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::InProgress => Self::InProgress,
            State::Completing => Self::Completing,
            State::Completed => Self::Completed,
            State::Failed => Self::Failed,
            State::Cancelled => Self::Cancelled,
            State::Expired => Self::Expired,
        }
    }
}

/// An upload session.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UploadView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: UploadId,
    /// The room that the file will be in.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// The thread of that room that the file is put into.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub thread_id: Option<ThreadId>,
    /// The batch that it was begun with.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub batch_id: Option<BatchId>,
    /// Who sends it.
    #[schema(value_type = uuid::Uuid)]
    pub uploader_id: UserId,
    /// The file's name, cleaned.
    pub name: String,
    /// The declared media type.
    pub content_type: String,
    /// Bytes of the file.
    pub size: u64,
    /// Which checksums its parts are signed with.
    pub checksum: ChecksumKind,
    /// Where it stands.
    pub state: StateName,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// How many parts it has.
    pub part_count: u32,
    /// What happens when it is done; null for what the room does by itself.
    pub then: Option<Then>,
    /// The file that it became.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub file_id: Option<FileId>,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was begun.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// When something last happened to it.
    #[serde(with = "super::timestamp")]
    pub last_activity_at: OffsetDateTime,
    /// When it ends unless something happens.
    #[serde(with = "super::timestamp")]
    pub expires_at: OffsetDateTime,
}

impl From<Upload> for UploadView {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            room_id: upload.room,
            thread_id: upload.thread,
            batch_id: upload.batch,
            uploader_id: upload.uploader,
            name: upload.name,
            content_type: upload.content_type,
            size: upload.plan.size,
            checksum: match upload.checksum {
                Checksum::Sha256 => ChecksumKind::Sha256,
                Checksum::None => ChecksumKind::None,
            },
            state: upload.state.into(),
            part_size: upload.plan.part_size,
            part_count: upload.plan.part_count,
            then: upload.then.map(Then::from),
            file_id: upload.file,
            failure: upload.failure,
            created_at: upload.created_at,
            last_activity_at: upload.last_activity_at,
            expires_at: upload.expires_at,
        }
    }
}

/// An upload that was just begun, with leave for its first parts; or the file, when its content was there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StartedView {
    /// Whether nothing has to be sent: the content is in a file that I can read, and `file` is another one with it.
    pub deduplicated: bool,
    /// The session, unless there is a file already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadView>,
    /// The file, when there is one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileView>,
    /// Up to 100 signed parts: with `checksum: sha256` those whose checksums came along. None while it waits.
    pub parts: Vec<SignedPartView>,
}

/// Leave to send one part.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SignedPartView {
    /// Which part.
    pub number: u32,
    /// Where in the file it begins.
    pub offset: u64,
    /// Its bytes; S3 takes exactly so many.
    pub length: u64,
    /// Where to `PUT` them.
    pub url: String,
    /// Headers to send along, exactly so.
    pub headers: BTreeMap<String, String>,
    /// When S3 stops taking them; sign again then.
    #[serde(with = "super::timestamp")]
    pub expires_at: OffsetDateTime,
}

/// An upload with what S3 has of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UploadDetailView {
    /// The session.
    #[serde(flatten)]
    pub upload: UploadView,
    /// How far it is.
    pub progress: ProgressView,
    /// The numbers of the parts that S3 lacks.
    pub missing: Vec<RangeView>,
    /// Parts that S3 has, in order, at most 1,000; more behind `parts_after`.
    pub parts: Vec<PartView>,
    /// Ask with `?parts_after=` this number for the next parts.
    pub next_parts_after: Option<u32>,
}

/// Numbers in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RangeView {
    /// The first.
    pub from: u32,
    /// The last.
    pub to: u32,
}

/// A part that S3 has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartView {
    /// Which one.
    pub number: u32,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256 in base64, for uploads with checksums.
    pub checksum: Option<String>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ProgressView {
    /// Bytes that are there.
    pub bytes: u64,
    /// Bytes of the whole.
    pub total: u64,
    /// 0 to 100 with one decimal; 100 only when every byte is there.
    pub percent: f64,
    /// Smoothed speed; 0 while it is not known.
    pub bytes_per_s: u64,
    /// Seconds until the last byte at that speed; null while it stands still.
    pub eta_s: Option<u64>,
}

impl From<Progress> for ProgressView {
    fn from(progress: Progress) -> Self {
        Self {
            bytes: progress.bytes,
            total: progress.total,
            percent: progress.percent,
            bytes_per_s: progress.bytes_per_s,
            eta_s: progress.eta_s,
        }
    }
}

/// The data of `upload.progress`: ephemeral, at most one a second for an upload.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProgressEvent {
    /// Which upload.
    #[schema(value_type = uuid::Uuid)]
    pub upload_id: UploadId,
    /// The file's name.
    pub name: String,
    /// Where it stands.
    pub state: StateName,
    /// How far it is.
    #[serde(flatten)]
    pub progress: ProgressView,
}

impl SignedPartView {
    /// A part with its URL and the headers that go with it.
    pub fn new(
        part: Part,
        url: String,
        headers: impl IntoIterator<Item = (&'static str, String)>,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            number: part.number,
            offset: part.offset,
            length: part.length,
            url,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            expires_at,
        }
    }
}
