//! What is attached to a message: files, and uploads that may become files.

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::{FileId, UploadId};

/// Something that somebody wants to attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Attached {
    /// A file that the room shows and that can be had.
    #[serde(rename = "file_id")]
    File(FileId),
    /// An upload of the author's own to the room.
    #[serde(rename = "upload_id")]
    Upload(UploadId),
}

/// At most [`Attachments::MAX`] different ones, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachments(Vec<Attached>);

/// An attachment as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file, once there is one.
    pub file_id: Option<FileId>,
    /// The upload that was attached, when it was one.
    pub upload_id: Option<UploadId>,
    /// Its name; empty when it is deleted.
    pub name: String,
    /// The declared media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Whether it can be had.
    pub state: AttachmentState,
}

/// Whether an attachment can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    /// Its bytes are on their way.
    Uploading,
    /// It can be downloaded.
    Available,
    /// Its content is of a blocked kind.
    Quarantined,
    /// Its upload ended without a file.
    Failed,
    /// Somebody deleted it, or took it away from the room.
    Deleted,
    /// It cannot be had for another reason.
    #[serde(other)]
    Unavailable,
}

impl Attachments {
    /// Most of one message.
    pub const MAX: usize = 10;

    /// Takes a list.
    ///
    /// # Errors
    /// [`Fault::TooManyAttachments`], [`Fault::AttachedTwice`].
    pub fn parse(attached: Vec<Attached>) -> Result<Self, Fault> {
        if attached.len() > Self::MAX {
            return Err(Fault::TooManyAttachments);
        }
        let twice = |(n, it)| attached[..n].contains(it);
        if attached.iter().enumerate().any(twice) {
            return Err(Fault::AttachedTwice);
        }
        Ok(Self(attached))
    }

    /// The list.
    #[must_use]
    pub fn as_slice(&self) -> &[Attached] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn r_m1_ten_different_attachments() {
        let file = |n| Attached::File(FileId(Uuid::from_u128(n)));
        assert!(Attachments::parse((0..10).map(file).collect()).is_ok());
        let eleven = Attachments::parse((0..11).map(file).collect());
        assert_eq!(eleven, Err(Fault::TooManyAttachments));
        let twice = Attachments::parse(vec![file(1), file(1)]);
        assert_eq!(twice, Err(Fault::AttachedTwice));
        let both = vec![file(1), Attached::Upload(UploadId(Uuid::from_u128(1)))];
        assert!(Attachments::parse(both).is_ok());
    }

    #[test]
    fn as_the_database_reads_and_writes_them() {
        let id = Uuid::from_u128(7);
        let sent = serde_json::to_value(Attached::File(FileId(id))).unwrap();
        assert_eq!(sent, serde_json::json!({ "file_id": id }));
        let state: AttachmentState = serde_json::from_value("infected".into()).unwrap();
        assert_eq!(state, AttachmentState::Unavailable);
    }
}
