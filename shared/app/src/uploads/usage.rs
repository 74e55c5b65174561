//! What a company stores and has left, and who takes most of it.

use store::Store;
use store::uploads::{Share, Shares};
use wire::problem::Code;
use wire::rest::storage::{PersonStorage, RoomStorage, StorageView};

use crate::{Caller, Problem};

/// How many people and rooms administrators see who take the most.
const TOP: i64 = 20;

/// What the caller's company stores and has left; administrators also see by whom and where.
///
/// # Errors
/// `token_invalid` for somebody who is not active any more.
pub async fn storage(store: &Store, caller: &Caller) -> Result<StorageView, Problem> {
    let usage = store.storage(caller.company, caller.user, TOP);
    let usage = usage.await?.ok_or(Code::TokenInvalid)?;
    let mut view = StorageView::from(usage.storage);
    if let Some(Shares { people, rooms }) = usage.shares {
        let person = |share: Share<_>| PersonStorage {
            user_id: share.id,
            full_name: share.name,
            bytes: share.bytes,
            files: share.files,
        };
        let room = |share: Share<_>| RoomStorage {
            room_id: share.id,
            name: share.name,
            bytes: share.bytes,
            files: share.files,
        };
        view.by_person = Some(people.into_iter().map(person).collect());
        view.by_room = Some(rooms.into_iter().map(room).collect());
    }
    Ok(view)
}
