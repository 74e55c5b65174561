//! What the events of threads say, as far as files make them. `thread.created` holds the whole thread.

use domain::{FileId, ThreadId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::rest::files::FileView;

/// `thread.file_added`: a thread has one more file.
pub const FILE_ADDED: &str = "thread.file_added";
/// `thread.file_removed`: a thread has one file less; the room goes on to show it.
pub const FILE_REMOVED: &str = "thread.file_removed";

/// Data of `thread.file_added`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ThreadFileAdded {
    /// The thread.
    #[schema(value_type = uuid::Uuid)]
    pub thread_id: ThreadId,
    /// The file, as its room shows it.
    pub file: FileView,
}

/// Data of `thread.file_removed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreadFileRemoved {
    /// The thread.
    #[schema(value_type = uuid::Uuid)]
    pub thread_id: ThreadId,
    /// The file.
    #[schema(value_type = uuid::Uuid)]
    pub file_id: FileId,
}
