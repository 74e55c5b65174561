//! Events of a room's or a person's log, and the ephemeral ones beside them.

pub mod room;
pub mod thread;

use domain::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// One event as every client receives it: by push, by resume and by REST, byte for byte the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// `noun.verb`, such as `message.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The room it happened in; absent for events about one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub room_id: Option<RoomId>,
    /// Its number in the log; absent for ephemeral events (typing, presence, progress).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// When it was stored; order is `seq`, never this.
    #[serde(with = "crate::rest::timestamp")]
    pub at: OffsetDateTime,
    /// Who did it; absent when the system did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub actor: Option<UserId>,
    /// What happened, in the shape that `kind` names.
    pub data: Value,
}
