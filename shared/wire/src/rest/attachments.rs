//! What is attached to messages.

use domain::message::{Attached, Attachment, AttachmentState, Attachments};
use domain::{FileId, MessageId, UploadId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::FieldError;

/// `attachment.changed`: an upload that is attached to a message became a file, or will not.
pub const CHANGED: &str = "attachment.changed";

/// One thing to attach: a file or an upload, not both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToAttach {
    /// A file that the room shows.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub file_id: Option<FileId>,
    /// An upload of my own to the room, under way or done.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub upload_id: Option<UploadId>,
}

/// Something that is attached to a message, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachmentView {
    /// The file, once there is one.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub file_id: Option<FileId>,
    /// The upload that was attached, when it was one: `upload.progress` tells how far it is.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub upload_id: Option<UploadId>,
    /// Its name; empty when it is `deleted`.
    pub name: String,
    /// The declared media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Whether it can be had.
    pub state: AttachmentStateName,
}

/// Whether an attachment can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentStateName {
    /// Its bytes are on their way.
    Uploading,
    /// It can be downloaded.
    Available,
    /// Its content is of a blocked kind.
    Quarantined,
    /// Its upload ended without a file.
    Failed,
    /// Somebody deleted it, or took it away from the room: nothing is told of it but its id.
    Deleted,
    /// It cannot be had for another reason.
    #[serde(other)]
    Unavailable,
}

/// Data of `attachment.changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttachmentsChanged {
    /// Which message.
    #[schema(value_type = uuid::Uuid)]
    pub message_id: MessageId,
    /// Its place in the room.
    pub message_seq: i64,
    /// All its attachments, as they stand now.
    pub attachments: Vec<AttachmentView>,
}

impl ToAttach {
    /// Checks a list.
    ///
    /// # Errors
    /// Every one that breaks a rule.
    pub fn parse_all(list: &[Self]) -> Result<Attachments, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut attached = Vec::with_capacity(list.len());
        for (n, one) in list.iter().enumerate() {
            match (one.file_id, one.upload_id) {
                (Some(file), None) => attached.push(Attached::File(file)),
                (None, Some(upload)) => attached.push(Attached::Upload(upload)),
                _ => {
                    let why = "either a file_id or an upload_id";
                    errors.push(FieldError::new(format!("attachments[{n}]"), "one_of", why));
                }
            }
        }
        let attachments = Attachments::parse(attached)
            .map_err(|fault| FieldError::new("attachments", fault.code(), fault.to_string()));
        match attachments {
            Ok(attachments) if errors.is_empty() => Ok(attachments),
            attachments => {
                errors.extend(attachments.err());
                Err(errors)
            }
        }
    }
}

impl From<Attachment> for AttachmentView {
    fn from(attachment: Attachment) -> Self {
        Self {
            file_id: attachment.file_id,
            upload_id: attachment.upload_id,
            name: attachment.name,
            content_type: attachment.content_type,
            size: attachment.size,
            state: match attachment.state {
                AttachmentState::Uploading => AttachmentStateName::Uploading,
                AttachmentState::Available => AttachmentStateName::Available,
                AttachmentState::Quarantined => AttachmentStateName::Quarantined,
                AttachmentState::Failed => AttachmentStateName::Failed,
                AttachmentState::Deleted => AttachmentStateName::Deleted,
                AttachmentState::Unavailable => AttachmentStateName::Unavailable,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn r_m1_each_attachment_is_a_file_or_an_upload() {
        let file = |n| ToAttach {
            file_id: Some(FileId(Uuid::from_u128(n))),
            upload_id: None,
        };
        let both = ToAttach {
            upload_id: Some(UploadId(Uuid::nil())),
            ..file(1)
        };
        let fields = |list: &[ToAttach]| -> Vec<String> {
            let errors = ToAttach::parse_all(list).unwrap_err();
            errors.into_iter().map(|error| error.field).collect()
        };
        assert!(ToAttach::parse_all(&[file(1), file(2)]).is_ok());
        assert_eq!(
            fields(&[both, file(1), ToAttach::default()]),
            ["attachments[0]", "attachments[2]"]
        );
        assert_eq!(fields(&[file(1), file(1)]), ["attachments"]);
        let eleven: Vec<_> = (0..11).map(file).collect();
        assert_eq!(fields(&eleven), ["attachments"]);
    }
}
