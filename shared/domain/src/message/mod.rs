//! What a message is, and why one is turned away.

use serde_json::Value;
use time::OffsetDateTime;

use crate::{MessageId, RoomId, UserId};

mod attachment;
mod parts;

pub use attachment::{Attached, Attachment, AttachmentState, Attachments};
pub use parts::{ClientId, Content, Fault, Metadata};

/// What somebody wants to say, valid in itself; whether they may say it here is another question.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The text.
    pub content: Content,
    /// Makes a retry answer the first result.
    pub client_id: Option<ClientId>,
    /// The message of the same room that this one answers.
    pub reply_to: Option<MessageId>,
    /// Data for clients.
    pub metadata: Option<Metadata>,
    /// Files of the room, and uploads of the author's own.
    pub attachments: Attachments,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    Text,
    /// The server, of joins, leaves, archives.
    System,
}

/// A message as it is stored now.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room it stands in.
    pub room: RoomId,
    /// The number of the event that created it: its place in the room.
    pub seq: i64,
    /// Who wrote it; nobody for a system message.
    pub author: Option<UserId>,
    /// Who speaks.
    pub kind: Kind,
    /// The text; empty once it is deleted.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Data for clients.
    pub metadata: Option<Value>,
    /// What is attached to it, in order, as it stands now.
    pub attachments: Vec<Attachment>,
    /// The author's own name for it.
    pub client_id: Option<String>,
    /// When it was sent; order is `seq`, never this.
    pub created_at: OffsetDateTime,
    /// When its text was last changed.
    pub edited_at: Option<OffsetDateTime>,
    /// When it was deleted: a tombstone since then.
    pub deleted_at: Option<OffsetDateTime>,
}

/// Why a valid draft may not be said here and now; one variant per rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person is no longer an active member of the company.
    #[error("the account is not active")]
    Inactive,
    /// No such room, or none that this person may see.
    #[error("there is no such room")]
    NoRoom,
    /// A public room that the person has not joined.
    #[error("join the room to write")]
    NotMember,
    /// The person's role does not reach.
    #[error("the role in the room does not allow this")]
    Role,
    /// The person may only read here.
    #[error("read only")]
    ReadOnly,
    /// The room is archived.
    #[error("the room is archived")]
    Archived,
    /// Slow mode: the last message of this person is too recent.
    #[error("slow mode: wait {wait_ms} ms")]
    SlowMode {
        /// How long until the next message is taken.
        wait_ms: i64,
    },
    /// The `client_id` belongs to a message with other content.
    #[error("the client_id belongs to another message")]
    ClientIdReused,
    /// The message to answer is not in this room.
    #[error("there is no such message to answer in this room")]
    NoReplyTarget,
    /// One of the attachments is no file that can be had in this room, nor an upload of the author's own to it.
    #[error("there is no such file in this room, nor an upload of yours")]
    NoAttachment {
        /// Which one, from 0.
        place: usize,
    },
}

impl Draft {
    /// The message that it becomes, sent by `author` at `at`; its number is not known yet and stands as 0,
    /// and its attachments are looked up when it is stored.
    #[must_use]
    pub fn into_message(
        self,
        id: MessageId,
        room: RoomId,
        author: UserId,
        at: OffsetDateTime,
    ) -> Message {
        Message {
            id,
            room,
            seq: 0,
            author: Some(author),
            kind: Kind::Text,
            content: self.content.0,
            reply_to: self.reply_to,
            metadata: self.metadata.map(|metadata| Value::Object(metadata.0)),
            attachments: Vec::new(),
            client_id: self.client_id.map(|id| id.0),
            created_at: at,
            edited_at: None,
            deleted_at: None,
        }
    }
}

impl Kind {
    /// Its stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::System => "system",
        }
    }

    /// The kind of that stored name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}
