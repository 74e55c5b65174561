//! What the server sends beside events: answers, and control frames about the socket itself.

use std::collections::BTreeMap;

use domain::{ConnectionId, RoomId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ProblemBody;

/// The answer to a request that succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Answer<T> {
    /// The request's own id.
    pub id: String,
    /// Always true.
    pub ok: bool,
    /// What the REST twin would answer.
    pub data: T,
}

/// The answer to a request, or to a frame that was none, that was turned away.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RefusedAnswer {
    /// The request's own id; null when the frame had none that could be read.
    pub id: Option<String>,
    /// Always false.
    pub ok: bool,
    /// Why.
    pub error: ProblemBody,
}

/// The answer to `hello`: where everything stands, and how to behave.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Hello {
    /// This socket.
    #[schema(value_type = String)]
    pub connection_id: ConnectionId,
    /// Ping this often; silence ends the socket.
    pub heartbeat_s: u32,
    /// How long events are kept for `resume`.
    pub resume_window_s: u32,
    /// Open a new socket after this long, before the gateway ends this one; differs from socket to socket.
    pub reconnect_after_s: u32,
    /// Every room that this socket hears of, and the last seq of its log.
    pub rooms: Vec<RoomHead>,
    /// The last seq of the person's own log.
    pub user_seq: i64,
}

/// How far a room's log has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomHead {
    /// The room.
    #[schema(value_type = uuid::Uuid)]
    pub id: RoomId,
    /// The last seq of its log.
    pub seq: i64,
}

/// The answer to `ping`: what the client has missed; empty when nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Behind {
    /// Rooms whose log has grown beyond the client's cursor, and how far.
    pub rooms: Vec<RoomHead>,
    /// The last seq of the person's own log, when that has grown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_seq: Option<i64>,
    /// Rooms that the client named and that are not (or no longer) its own.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub gone: Vec<RoomId>,
}

/// The answer to `resume`, after the events it brought.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Resumed {
    /// Where each room stands now for this client: the last seq that was sent, or the cursor it came with.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub rooms: BTreeMap<RoomId, i64>,
    /// The same for the person's own log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    /// There is more: resume again from here.
    pub more: bool,
    /// Rooms to load anew by REST: too much was missed, or it is kept no longer.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub reset: Vec<RoomId>,
    /// Whether the person's own things must be loaded anew.
    pub reset_user: bool,
    /// Rooms that are not (or no longer) the client's own.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub gone: Vec<RoomId>,
}

/// A word about the socket itself, which answers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Open a new socket after so many milliseconds; this one ends soon.
    Reconnect {
        /// When, in milliseconds from now.
        after_ms: u32,
    },
    /// The session ended; sign in again. The socket is closed.
    SignedOut,
    /// Too many frames that could not be read; the socket is closed.
    TooManyBadFrames,
}

/// The text of an answer; empty when `data` cannot be written as JSON, which no answer of ours can cause.
pub fn success(id: &str, data: impl Serialize) -> String {
    let answer = Answer {
        id: id.to_owned(),
        ok: true,
        data,
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// The text of a refusal.
#[must_use]
pub fn refusal(id: Option<&str>, error: ProblemBody) -> String {
    let answer = RefusedAnswer {
        id: id.map(str::to_owned),
        ok: false,
        error,
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_frames_name_themselves() {
        let text = serde_json::to_string(&Control::Reconnect { after_ms: 5 }).unwrap();
        assert_eq!(text, r#"{"control":"reconnect","after_ms":5}"#);
        let text = serde_json::to_string(&Control::SignedOut).unwrap();
        assert_eq!(text, r#"{"control":"signed_out"}"#);
    }
}
