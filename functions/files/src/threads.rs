//! A file in the threads that have it.

use app::http::{Path, Routes};
use app::{Caller, Problem, files, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::{FileId, ThreadId};

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, add, remove)
}

/// Puts a file into a thread
///
/// A reference, no copy. I must be able to read the file and to write in the thread's room, which shows the file from
/// then on if it did not yet.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`.
#[utoipa::path(
    put,
    path = "/v1/files/{id}/threads/{thread_id}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("thread_id" = uuid::Uuid, Path, description = "The thread")
    ),
    responses((status = 204, description = "It is in the thread"))
)]
async fn add(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, thread)): Path<(FileId, ThreadId)>,
) -> Result<StatusCode, Problem> {
    files::add_to_thread(&deps.store, &deps.live, &caller, id, thread).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file out of a thread
///
/// The room goes on to show it. For who put it there, who sent the file, and admins of that room.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`.
#[utoipa::path(
    delete,
    path = "/v1/files/{id}/threads/{thread_id}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("thread_id" = uuid::Uuid, Path, description = "The thread")
    ),
    responses((status = 204, description = "It is not in the thread"))
)]
async fn remove(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, thread)): Path<(FileId, ThreadId)>,
) -> Result<StatusCode, Problem> {
    files::remove_from_thread(&deps.store, &deps.live, &caller, id, thread).await?;
    Ok(StatusCode::NO_CONTENT)
}
