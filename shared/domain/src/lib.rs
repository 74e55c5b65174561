//! The rules of Maru: types that cannot be invalid, state machines, permissions, plans.
//!
//! Pure: no I/O, no clock, no randomness. Facts and the time come in as arguments.

pub mod account;
pub mod company;
pub mod file;
pub mod history;
pub mod ids;
pub mod message;
pub mod preview;
pub mod room;
pub mod scan;
pub mod search;
pub mod text;
pub mod thread;
pub mod upload;

pub use ids::{
    BatchId, BlobId, CompanyId, ConnectionId, FileId, LinkId, MessageId, RoomId, SessionId,
    ThreadId, UploadId, UserId,
};
