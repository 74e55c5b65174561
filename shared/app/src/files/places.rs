//! A file in one of the rooms that show it: shown there, taken away, pinned, unpinned.

use domain::{FileId, RoomId};
use live::Live;
use store::{InRoom, Store};
use wire::problem::Code;

use super::{act, announce_by};
use crate::{Caller, Problem};

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

/// Takes a file away from a room that it was put into.
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
        InRoom::Done(event) => {
            announce_by(live, caller, &event).await;
            Ok(())
        }
        InRoom::Same => Ok(()),
        InRoom::Refused(refusal) => Err(refusal.into()),
    }
}
