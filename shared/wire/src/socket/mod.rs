//! Socket frames, both ways.
//!
//! A client sends requests and gets one answer for each; the server sends lists of events, and now
//! and then a word about the socket itself.

mod answer;
mod request;

pub use answer::{
    Answer, Behind, Control, Hello, RefusedAnswer, Resumed, RoomHead, refusal, success,
};
pub use request::{Cursors, InRoom, Name, PartsDone, Refused, Request, Typing, parse};

/// The sub-protocol that a client may ask for and the server echoes.
pub const PROTOCOL: &str = "maru.v1";

/// Longest frame that a client may send, in bytes.
pub const MAX_REQUEST: usize = 32 * 1024;
