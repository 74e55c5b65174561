//! What happens when an upload is done: nothing more, a message, or a thread.

use crate::message::Content;
use crate::thread;

/// What the uploader wants to follow; it appears together with the file or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUp {
    /// The file alone, whatever the room does by itself.
    Nothing,
    /// A message of the uploader's with the file attached.
    Message(Content),
    /// A thread about the file.
    Thread(thread::Draft),
}
