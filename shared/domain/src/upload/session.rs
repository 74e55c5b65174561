//! An upload session as it is stored.

use time::OffsetDateTime;

use super::{Checksum, ContentType, FileName, FollowUp, Plan, State};
use crate::room::{self, Access, Action, Role};
use crate::{BatchId, BlobId, CompanyId, FileId, RoomId, ThreadId, UploadId, UserId};

/// One file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its company.
    pub company: CompanyId,
    /// Its id.
    pub id: UploadId,
    /// The room that the file will be in.
    pub room: RoomId,
    /// The thread of that room that the file is put into.
    pub thread: Option<ThreadId>,
    /// The batch that it was begun with.
    pub batch: Option<BatchId>,
    /// Who sends it.
    pub uploader: UserId,
    /// Where it stands.
    pub state: State,
    /// The file's name, cleaned.
    pub name: String,
    /// The declared media type.
    pub content_type: String,
    /// Whether the parts' checksums are bound.
    pub checksum: Checksum,
    /// Its parts.
    pub plan: Plan,
    /// The content that it will become.
    pub blob: BlobId,
    /// Where the content is, in the bucket.
    pub key: String,
    /// S3's name for the multipart upload, once it began.
    pub s3_upload_id: Option<String>,
    /// The composite checksum that the object must have, once all parts were seen.
    pub expected: Option<String>,
    /// What is to happen when it is done; `None` for what the room does by itself.
    pub then: Option<FollowUp>,
    /// The file that it is a new version of; `None` for a new file.
    pub replaces: Option<FileId>,
    /// The file that it became.
    pub file: Option<FileId>,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When something last happened to it.
    pub last_activity_at: OffsetDateTime,
    /// Since when its uploader wants it finished.
    pub asked_at: Option<OffsetDateTime>,
    /// When it ends unless something happens.
    pub expires_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// A file that somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The room that it will be in.
    pub room: RoomId,
    /// A thread of that room to put it into.
    pub thread: Option<ThreadId>,
    /// Its name.
    pub name: FileName,
    /// Its declared type.
    pub content_type: ContentType,
    /// Its parts.
    pub plan: Plan,
    /// Whether the parts' checksums are bound.
    pub checksum: Checksum,
    /// The SHA-256 of the first parts, in order, as far as they are known.
    pub part_checksums: Vec<[u8; 32]>,
    /// What is to happen when it is done; `None` for what the room does by itself.
    pub then: Option<FollowUp>,
    /// The file that it is a new version of; `None` for a new file.
    pub replaces: Option<FileId>,
}

/// An upload as one person finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The upload.
    pub upload: Upload,
    /// What the person is in its room; `None` for somebody who was removed.
    pub member: Option<(Role, Access)>,
    /// Where the room is in its life.
    pub room: room::Status,
}

impl Seen {
    /// Whether the person may (still) send files to the room.
    ///
    /// # Errors
    /// Which rule says no.
    pub fn may_send(&self) -> Result<(), room::Refusal> {
        let (role, access) = self.member.ok_or(room::Refusal::Role)?;
        room::check(role, access, self.room, Action::Upload)
    }
}
