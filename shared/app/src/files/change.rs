//! Changing a file: what is said about it; deleting, restoring, letting through.

use domain::FileId;
use domain::file::Change;
use domain::upload::{ContentType, refuse_by_declaration};
use live::Live;
use store::{FileChanged, Store};
use wire::problem::Code;
use wire::rest::file_details::FileDetailView;

use super::{act, announce_by, tell};
use crate::http::IfMatch;
use crate::{Caller, Problem};

/// The type that says nothing: a new name is looked at by itself.
const ANY_TYPE: &str = "application/octet-stream";

/// Changes what is said about a file, if it is still at the revision that the caller read.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`, `version_mismatch`; `type_blocked` for a program's name.
pub async fn change(
    store: &Store,
    live: &Live,
    caller: &Caller,
    id: FileId,
    change: Change,
    revision: IfMatch,
) -> Result<FileDetailView, Problem> {
    if let (Some(name), Ok(any)) = (&change.name, ContentType::parse(ANY_TYPE)) {
        refuse_by_declaration(name, &any).map_err(|blocked| {
            Problem::new(Code::TypeBlocked)
                .with_detail(blocked.to_string())
                .with("kind", blocked.kind)
        })?;
    }
    let changed = store
        .change_file(&act(caller, id), &change, revision.0)
        .await?;
    tell(live, caller, changed).await
}

/// Deletes a file everywhere; it can be had back for 30 days.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`.
pub async fn delete(
    store: &Store,
    live: &Live,
    caller: &Caller,
    id: FileId,
) -> Result<(), Problem> {
    match store.delete_file(&act(caller, id)).await? {
        FileChanged::Done(_, event) => {
            announce_by(live, caller, &event).await;
            Ok(())
        }
        FileChanged::Same(_) => Ok(()),
        FileChanged::Refused(refusal) => Err(refusal.into()),
    }
}

/// Takes a deleted file back, as it was.
///
/// # Errors
/// `not_found`, also when its 30 days are over; `conflict` when it is not deleted; `forbidden`, `read_only`,
/// `room_archived`.
pub async fn restore(
    store: &Store,
    live: &Live,
    caller: &Caller,
    id: FileId,
) -> Result<FileDetailView, Problem> {
    let changed = store.restore_file(&act(caller, id)).await?;
    tell(live, caller, changed).await
}

/// Lets a file through that was held back for its content; for administrators of the company.
///
/// # Errors
/// `not_found`, `forbidden`; `conflict` when it is not held back.
pub async fn release(
    store: &Store,
    live: &Live,
    caller: &Caller,
    id: FileId,
) -> Result<FileDetailView, Problem> {
    let changed = store.release_file(&act(caller, id)).await?;
    tell(live, caller, changed).await
}
