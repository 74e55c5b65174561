//! Changing files: what is said about them; deleting, restoring, letting through.

use app::http::{IfMatch, Json, Path, Routes, Tagged};
use app::{Caller, Problem, files, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::FileId;
use wire::rest::file_changes::PatchFile;
use wire::rest::file_details::FileDetailView;

use crate::{Deps, tagged};

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, change, delete, restore, release)
}

/// Changes what is said about a file
///
/// A JSON merge patch for who sent it and for admins of its room. With `If-Match` it is refused when the file has
/// changed since it was read.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `version_mismatch`, `type_blocked`, `invalid`.
#[utoipa::path(
    patch,
    path = "/v1/files/{id}",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    request_body = PatchFile,
    responses((status = 200, description = "The file as it is now", body = FileDetailView))
)]
async fn change(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    revision: IfMatch,
    Json(request): Json<PatchFile>,
) -> Result<Tagged<Json<FileDetailView>>, Problem> {
    let change = request.parse()?;
    let file = files::change(&deps.store, &deps.live, &caller, id, change, revision).await?;
    Ok(tagged(file))
}

/// Deletes a file
///
/// In every room that shows it. For who sent it, admins of its room, and administrators of the company; for 30 days it
/// can be restored.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`.
#[utoipa::path(
    delete,
    path = "/v1/files/{id}",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 204, description = "It is deleted"))
)]
async fn delete(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
) -> Result<StatusCode, Problem> {
    files::delete(&deps.store, &deps.live, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores a deleted file
///
/// As it was, in the rooms that showed it, within 30 days. For those who may delete it.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`.
#[utoipa::path(
    post,
    path = "/v1/files/{id}/restore",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file as it is now", body = FileDetailView))
)]
async fn restore(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
) -> Result<Tagged<Json<FileDetailView>>, Problem> {
    let file = files::restore(&deps.store, &deps.live, &caller, id).await?;
    Ok(tagged(file))
}

/// Lets a quarantined file through
///
/// For administrators of the company, who list such files with `state=quarantined`.
///
/// Refusals: `not_found`, `forbidden`, `conflict`.
#[utoipa::path(
    post,
    path = "/v1/files/{id}/release",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file as it is now", body = FileDetailView))
)]
async fn release(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
) -> Result<Tagged<Json<FileDetailView>>, Problem> {
    let file = files::release(&deps.store, &deps.live, &caller, id).await?;
    Ok(tagged(file))
}
