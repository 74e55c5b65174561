//! REST bodies, one file per resource; the same types are the answers over the socket.

pub mod attachments;
pub mod auth;
pub mod files;
pub mod history;
pub mod me;
pub mod members;
pub mod messages;
pub mod page;
pub mod patch;
pub mod previews;
pub mod realtime;
pub mod room_changes;
pub mod room_list;
pub mod room_settings;
pub mod rooms;
pub mod status;
pub mod storage;
pub mod threads;
pub mod timestamp;
pub mod upload_batches;
pub mod upload_then;
pub mod upload_views;
pub mod uploads;
pub mod uppy;
pub mod words;
