//! Chatrooms: how they look.

use domain::company::CompanyRole;
use domain::room::{self, Access, Action, Kind, Role, Room, Seat, Settings, Status};
use domain::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::messages::MessageView;
use super::words;

/// What everyone in a room knows of it; events carry it too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomFacts {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: RoomId,
    /// Who can find it.
    #[serde(rename = "type")]
    #[schema(value_type = words::RoomKind)]
    pub kind: Kind,
    /// Archived rooms are read, never written.
    #[schema(value_type = words::RoomStatus)]
    pub status: Status,
    /// Plain text, as typed; empty for a direct room.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many people it holds.
    pub member_limit: i32,
    /// How many people are in it.
    pub member_count: i32,
    /// How many messages people ever sent in it.
    pub message_count: i64,
    /// How it is set up.
    #[schema(value_type = words::RoomSettings)]
    pub settings: Settings,
    /// Who made it.
    #[schema(value_type = uuid::Uuid)]
    pub created_by: UserId,
    /// When it was made.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// When it was archived, while it is.
    #[serde(with = "super::timestamp::option")]
    pub archived_at: Option<OffsetDateTime>,
    /// When its last event happened.
    #[serde(with = "super::timestamp")]
    pub last_activity_at: OffsetDateTime,
    /// Number of the last event of its log: apply events from the next one on.
    pub last_seq: i64,
    /// What `ETag` says: changes with name, description, type, limit, settings and status.
    pub version: i64,
}

/// A room as one person sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomView {
    /// What everyone in it knows.
    #[serde(flatten)]
    pub room: RoomFacts,
    /// The newest message, system messages included; null for those who are not in the room.
    pub last_message: Option<MessageView>,
    /// What I am here.
    pub my: MyRoom,
}

/// What I am in a room, and may do there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyRoom {
    /// My role; null when I am not in it.
    #[schema(value_type = Option<words::RoomRole>)]
    pub role: Option<Role>,
    /// My access; null when I am not in it.
    #[schema(value_type = Option<words::RoomAccess>)]
    pub access: Option<Access>,
    /// All that I may do now, from the table that the server itself goes by.
    #[schema(value_type = Vec<words::RoomAction>)]
    pub can: Vec<Action>,
    /// Highest seq that I have read; null when I am not in it.
    pub read_seq: Option<i64>,
    /// How many messages of others came after it; null when I am not in it.
    pub unread_count: Option<i64>,
}

/// Where my marker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadView {
    /// Highest seq that I have read.
    pub read_seq: i64,
    /// How many messages of others came after it.
    pub unread_count: i64,
}

impl RoomView {
    /// The room as someone sees it who is `company` in the company and sits at `seat`.
    #[must_use]
    pub fn new(
        room: impl Into<RoomFacts>,
        company: CompanyRole,
        seat: Option<Seat>,
        last_message: Option<MessageView>,
    ) -> Self {
        let room = room.into();
        let place = seat.map(|seat| (seat.role, seat.access));
        let my = MyRoom {
            role: seat.map(|seat| seat.role),
            access: seat.map(|seat| seat.access),
            can: room::actions((room.kind, room.status, &room.settings), company, place),
            read_seq: seat.map(|seat| seat.read_seq),
            unread_count: seat.map(|seat| seat.unread),
        };
        Self {
            room,
            last_message,
            my,
        }
    }
}

impl From<Room> for RoomFacts {
    fn from(room: Room) -> Self {
        Self {
            id: room.id,
            kind: room.kind,
            status: room.status,
            name: room.name,
            description: room.description,
            member_limit: room.member_limit,
            member_count: room.member_count,
            message_count: room.message_count,
            settings: room.settings,
            created_by: room.created_by,
            created_at: room.created_at,
            archived_at: room.archived_at,
            last_activity_at: room.last_activity_at,
            last_seq: room.last_seq,
            version: room.version,
        }
    }
}
