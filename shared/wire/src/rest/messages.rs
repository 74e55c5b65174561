//! Messages: what is sent, what is read.

use domain::message::{ClientId, Content, Draft, Fault, Kind, Message, Metadata};
use domain::{MessageId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::attachments::{AttachmentView, ToAttach};
use crate::problem::FieldError;

/// A message to send.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// 1 to 4,000 Unicode characters, not only white space. Outer white space goes, the rest is kept as typed, in NFC.
    #[serde(default)]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 4_000,
        pattern = r"^[^\x00]*\S[^\x00]*$",
        example = "회의 시작할까요?"
    )]
    pub content: String,
    /// Your own name for this message, 1 to 64 printable ASCII characters, such as a UUID. Sending again with the same
    /// one answers the first message instead of making a second.
    #[schema(min_length = 1, max_length = 64, pattern = "^[ -~]+$")]
    pub client_id: Option<String>,
    /// The message of this room that it answers.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub reply_to: Option<String>,
    /// A JSON object of at most 4 KiB, kept for you and never read by the server.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// At most 10: files of this room that can be downloaded, and uploads of my own to it. An upload may still be under
    /// way: the message then shows its progress, and its attachment becomes available or fails later.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub attachments: Vec<ToAttach>,
}

/// A message as everyone who may read it sees it: in answers, in history and as the data of `message.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: MessageId,
    /// The room it stands in.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// Its place in the room's order, and the number of the event that created it.
    pub seq: i64,
    /// Who wrote it; null for a system message.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub author: Option<UserId>,
    /// Who speaks in it.
    pub kind: MessageKind,
    /// The text; empty once it is deleted.
    pub content: String,
    /// The message that it answers.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub reply_to: Option<MessageId>,
    /// The client's own data.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Value>,
    /// What is attached, in order, as it stands now; `attachment.changed` tells when that changes.
    #[serde(default)]
    pub attachments: Vec<AttachmentView>,
    /// The author's own name for it.
    pub client_id: Option<String>,
    /// When it was sent. Order is `seq`, never this.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// When its text was last changed.
    #[serde(with = "super::timestamp::option")]
    pub edited_at: Option<OffsetDateTime>,
    /// When it was deleted; a tombstone without content stays.
    #[serde(with = "super::timestamp::option")]
    pub deleted_at: Option<OffsetDateTime>,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A person.
    Text,
    /// The server, of joins, leaves and archives.
    System,
}

impl SendMessage {
    /// Checks every field.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<Draft, Vec<FieldError>> {
        let content = Content::parse(&self.content).map_err(|fault| wrong("content", fault));
        let client_id = self.client_id.map(|text| ClientId::parse(&text));
        let client_id = client_id
            .transpose()
            .map_err(|fault| wrong("client_id", fault));
        let reply_to = self.reply_to.map(|text| text.parse());
        let reply_to = reply_to
            .transpose()
            .map_err(|_| FieldError::new("reply_to", "bad_id", "the id of a message"));
        let metadata = self.metadata.map(Metadata::parse);
        let metadata = metadata
            .transpose()
            .map_err(|fault| wrong("metadata", fault));
        let attachments = ToAttach::parse_all(&self.attachments);
        match (content, client_id, reply_to, metadata, attachments) {
            (Ok(content), Ok(client_id), Ok(reply_to), Ok(metadata), Ok(attachments)) => {
                Ok(Draft {
                    content,
                    client_id,
                    reply_to,
                    metadata,
                    attachments,
                })
            }
            (content, client_id, reply_to, metadata, attachments) => {
                let errors = [
                    content.err(),
                    client_id.err(),
                    reply_to.err(),
                    metadata.err(),
                ];
                let errors = errors.into_iter().flatten();
                Err(errors
                    .chain(attachments.err().into_iter().flatten())
                    .collect())
            }
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id,
            room_id: message.room,
            seq: message.seq,
            author: message.author,
            kind: message.kind.into(),
            content: message.content,
            reply_to: message.reply_to,
            metadata: message.metadata,
            attachments: message.attachments.into_iter().map(Into::into).collect(),
            client_id: message.client_id,
            created_at: message.created_at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
        }
    }
}

impl From<Kind> for MessageKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::System => Self::System,
        }
    }
}

fn wrong(field: &str, fault: Fault) -> FieldError {
    FieldError::new(field, fault.code(), fault.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect()
    }

    #[test]
    fn r_m1_all_wrong_fields_are_told_at_once() {
        let errors = SendMessage {
            content: " ".into(),
            client_id: Some("\n".into()),
            reply_to: Some("x".into()),
            metadata: Some(json!([])),
            attachments: Vec::new(),
        }
        .parse()
        .unwrap_err();
        assert_eq!(
            fields(&errors),
            [
                ("content", "blank"),
                ("client_id", "bad_client_id"),
                ("reply_to", "bad_id"),
                ("metadata", "not_object")
            ]
        );
    }

    #[test]
    fn r_m1_null_is_absent_and_unknown_fields_are_refused() {
        let sent: SendMessage =
            serde_json::from_value(json!({"content": "a", "client_id": null, "metadata": null}))
                .unwrap();
        let draft = sent.parse().unwrap();
        assert!(draft.client_id.is_none() && draft.metadata.is_none());
        assert!(
            serde_json::from_value::<SendMessage>(json!({"content": "a", "colour": 1})).is_err()
        );
    }
}
