//! REST bodies, one file per resource; the same types are the answers over the socket.

pub mod auth;
pub mod history;
pub mod messages;
pub mod page;
pub mod patch;
pub mod timestamp;
