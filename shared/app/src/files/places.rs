//! A file in one of the rooms that show it: shown there, taken away, pinned, unpinned; and in the threads of the room.

use domain::{FileId, RoomId, ThreadId};
use live::Live;
use store::{InRoom, Store};
use wire::problem::Code;

use super::{act, announce_by};
use crate::{Caller, Problem, clock};

/// Shows a file in another room, where the caller may write: a reference, no copy.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` for a file that is held back.
pub async fn show(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    room: RoomId,
) -> Result<(), Problem> {
    told(
        live,
        caller,
        store.show_file(&act(caller, file), room).await?,
    )
    .await
}

/// Takes a file away from a room that it was put into, and so from that room's threads.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` for the file's own room.
pub async fn hide(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    room: RoomId,
) -> Result<(), Problem> {
    told(
        live,
        caller,
        store.hide_file(&act(caller, file), room).await?,
    )
    .await
}

/// Puts a file into a thread whose room the caller may write in. The room shows it from then on, if it did not yet.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` for a file that is held back, or a thread that is
/// put away.
pub async fn add_to_thread(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    thread: ThreadId,
) -> Result<(), Problem> {
    let act = act(caller, file);
    let done = store.add_file_to_thread(&act, thread, clock::id()).await?;
    told(live, caller, done).await
}

/// Takes a file out of a thread; the room goes on to show it.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` for a thread that is put away.
pub async fn remove_from_thread(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    thread: ThreadId,
) -> Result<(), Problem> {
    let act = act(caller, file);
    let done = store.remove_file_from_thread(&act, thread).await?;
    told(live, caller, done).await
}

/// Pins a file in `room`, or in its own.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` when the room has as many pins as it may.
pub async fn pin(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    room: Option<RoomId>,
) -> Result<(), Problem> {
    let room = place(store, caller, file, room).await?;
    told(
        live,
        caller,
        store.pin_file(&act(caller, file), room).await?,
    )
    .await
}

/// Unpins it.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`.
pub async fn unpin(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    room: Option<RoomId>,
) -> Result<(), Problem> {
    let room = place(store, caller, file, room).await?;
    told(
        live,
        caller,
        store.unpin_file(&act(caller, file), room).await?,
    )
    .await
}

/// The room that was named, or the file's own.
async fn place(
    store: &Store,
    caller: &Caller,
    file: FileId,
    room: Option<RoomId>,
) -> Result<RoomId, Problem> {
    match room {
        Some(room) => Ok(room),
        None => {
            let found = store.file(caller.company, caller.user, file).await?;
            Ok(found.ok_or(Code::NotFound)?.file.room)
        }
    }
}

async fn told(live: &Live, caller: &Caller, done: InRoom) -> Result<(), Problem> {
    match done {
        InRoom::Done(events) => {
            for event in &events {
                announce_by(live, caller, event).await;
            }
            Ok(())
        }
        InRoom::Same => Ok(()),
        InRoom::Refused(refusal) => Err(refusal.into()),
    }
}
