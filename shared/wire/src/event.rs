//! Events of a room's or a person's log, and the ephemeral ones beside them.

pub mod room;
pub mod thread;

use domain::{RoomId, UserId};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// One event as every client receives it: by push, by resume and by REST the same JSON.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
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

/// An [`Event`] whose data is not JSON yet: it is written straight from `D`, without a tree of values between.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Fresh<'a, D> {
    /// As [`Event::kind`].
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// As [`Event::room_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<RoomId>,
    /// As [`Event::seq`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// As [`Event::at`].
    #[serde(with = "crate::rest::timestamp")]
    pub at: OffsetDateTime,
    /// As [`Event::actor`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// As [`Event::data`].
    pub data: &'a D,
}

impl Event {
    /// The event as it is written.
    #[must_use]
    pub fn fresh(&self) -> Fresh<'_, Value> {
        Fresh {
            kind: &self.kind,
            room_id: self.room_id,
            seq: self.seq,
            at: self.at,
            actor: self.actor,
            data: &self.data,
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fresh().serialize(serializer)
    }
}
