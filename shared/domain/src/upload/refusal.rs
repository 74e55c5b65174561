//! Why an upload is not begun.

use super::Storage;

/// What a new upload ran into; one variant per rule, with the figures that belong to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such room for this person.
    #[error("there is no such room here")]
    NoRoom,
    /// The room can be seen, but it takes no upload for this reason.
    #[error(transparent)]
    Room(crate::room::Refusal),
    /// It should be a version of a file that is not there, or not available.
    #[error("there is no such file in this room")]
    NoFile,
    /// It should go into a thread that is not there, or takes nothing any more.
    #[error("there is no such thread in this room, or it is put away")]
    NoThread,
    /// The room takes no uploads.
    #[error("uploads are switched off in this room")]
    UploadsOff,
    /// The room takes other types only.
    #[error("the room does not take files of this type")]
    TypeNotAllowed,
    /// A thread should follow, and the room takes none.
    #[error("threads are switched off in this room")]
    ThreadsOff,
    /// A thread should follow, and its title is taken.
    #[error("a thread of this room has this title")]
    TitleTaken,
    /// The plan takes smaller files only.
    #[error("the plan takes files of at most {limit} bytes")]
    FileTooLarge {
        /// Bytes of the largest file.
        limit: u64,
    },
    /// The company has too little left.
    #[error("the company has too little storage left")]
    Quota(Storage),
    /// The room has too little left.
    #[error("the room has too little storage left")]
    RoomQuota {
        /// Bytes that the room may hold.
        limit: u64,
        /// Bytes that it holds, uploads under way included.
        used: u64,
    },
    /// The person sends too many files already.
    #[error("at most {limit} uploads at a time")]
    TooManySending {
        /// Most uploads at a time.
        limit: u32,
    },
}
