//! A file in the rooms that show it.

use app::http::{Path, Query, Routes};
use app::{Caller, Problem, files, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::{FileId, RoomId};
use wire::rest::file_list::PinQuery;

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, show, hide, pin, unpin)
}

/// Shows a file in another room
///
/// A reference, no copy: whoever may read that room may read the file from now on. I must be able to read the file and
/// to write there.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`.
#[utoipa::path(
    put,
    path = "/v1/files/{id}/rooms/{room_id}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("room_id" = uuid::Uuid, Path, description = "The room")
    ),
    responses((status = 204, description = "It is shown there"))
)]
async fn show(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, room)): Path<(FileId, RoomId)>,
) -> Result<StatusCode, Problem> {
    files::show(&deps.store, &deps.live, &caller, id, room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file away from a room
///
/// Only the reference goes, and with it those in the room's threads. For who put it there, who sent the file, and
/// admins of that room; the file's own room keeps it.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`.
#[utoipa::path(
    delete,
    path = "/v1/files/{id}/rooms/{room_id}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("room_id" = uuid::Uuid, Path, description = "The room")
    ),
    responses((status = 204, description = "It is not shown there"))
)]
async fn hide(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, room)): Path<(FileId, RoomId)>,
) -> Result<StatusCode, Problem> {
    files::hide(&deps.store, &deps.live, &caller, id, room).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pins a file
///
/// In its own room, or in `room_id` if that shows it; at most 50 a room. For moderators and above.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`, `invalid`.
#[utoipa::path(
    put,
    path = "/v1/files/{id}/pin",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file"), PinQuery),
    responses((status = 204, description = "It is pinned"))
)]
async fn pin(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Query(query): Query<PinQuery>,
) -> Result<StatusCode, Problem> {
    files::pin(&deps.store, &deps.live, &caller, id, query.room_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unpins a file
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `invalid`.
#[utoipa::path(
    delete,
    path = "/v1/files/{id}/pin",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file"), PinQuery),
    responses((status = 204, description = "It is not pinned"))
)]
async fn unpin(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Query(query): Query<PinQuery>,
) -> Result<StatusCode, Problem> {
    files::unpin(&deps.store, &deps.live, &caller, id, query.room_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
