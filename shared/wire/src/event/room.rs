//! What the events of rooms and their members say: enough to bring a client's state up to date without asking.
//!
//! `room` and `message` are exactly what the REST API would answer right after the event, except for
//! what is the reader's own (`my`). `message` is the system message that history shows for it; it has
//! the event's `seq` and counts for nobody's unread messages.

use domain::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rest::members::MemberView;
use crate::rest::messages::MessageView;
use crate::rest::rooms::RoomFacts;

/// `room.created`: the first event of every room.
pub const CREATED: &str = "room.created";
/// `room.updated`: name, description, type, limit or settings changed.
pub const UPDATED: &str = "room.updated";
/// `room.archived`: read-only from here on.
pub const ARCHIVED: &str = "room.archived";
/// `room.restored`: in use again.
pub const RESTORED: &str = "room.restored";
/// `member.added`: people were brought in.
pub const ADDED: &str = "member.added";
/// `member.joined`: a person came in by themselves.
pub const JOINED: &str = "member.joined";
/// `member.left`: a person went.
pub const LEFT: &str = "member.left";
/// `member.removed`: a person was put out.
pub const REMOVED: &str = "member.removed";
/// `member.changed`: roles or accesses changed; a hand-over changes two people at once.
pub const CHANGED: &str = "member.changed";

/// `read.marked`: my own read marker moved, on another device of mine. Ephemeral; its data is a `ReadView`.
pub const MARKED: &str = "read.marked";

/// Data of `room.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomCreated {
    /// The room.
    pub room: RoomFacts,
    /// Everyone who is in it from the start.
    pub members: Vec<MemberView>,
    /// The system message.
    pub message: MessageView,
}

/// Data of `room.updated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomUpdated {
    /// The room as it is now.
    pub room: RoomFacts,
    /// The fields that changed: `name`, `description`, `type`, `member_limit`, `settings`.
    pub changes: Vec<String>,
}

/// Data of `room.archived` and `room.restored`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomMoved {
    /// The room as it is now.
    pub room: RoomFacts,
    /// The system message.
    pub message: MessageView,
}

/// Data of `member.added` and `member.joined`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MembersIn {
    /// Who came in.
    pub members: Vec<MemberView>,
    /// How many are in now.
    pub member_count: i32,
    /// The system message.
    pub message: MessageView,
}

/// Data of `member.left` and `member.removed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MembersOut {
    /// Who went.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub user_ids: Vec<UserId>,
    /// How many are in now.
    pub member_count: i32,
    /// The system message.
    pub message: MessageView,
}

/// Data of `member.changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MembersChanged {
    /// The members as they are now.
    pub members: Vec<MemberView>,
    /// How many are in now.
    pub member_count: i32,
    /// The system message.
    pub message: MessageView,
}
