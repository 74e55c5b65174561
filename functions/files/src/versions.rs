//! The contents that a file has had.

use app::http::{Json, Path, Query, Routes, Tagged};
use app::{Caller, Problem, files, routes};
use axum::extract::State;
use domain::FileId;
use wire::rest::file_details::{FileDetailView, VersionView};
use wire::rest::file_list::PartOfFileQuery;
use wire::rest::page::Page;

use crate::{Deps, tagged};

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, list, take_again)
}

/// Lists the versions of a file, newest first
///
/// With size and sender of each. `GET /v1/files/{id}/download?version=` fetches one.
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}/versions",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file"), PartOfFileQuery),
    responses((status = 200, description = "A page", body = Page<VersionView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Query(query): Query<PartOfFileQuery>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let page = files::versions(&deps.store, &caller, id, query.versions()?).await?;
    Ok(Json(page))
}

/// Takes a former version again
///
/// It becomes today's as a new version; no version is lost. For who sent the file and for admins of its room.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`.
#[utoipa::path(
    post,
    path = "/v1/files/{id}/versions/{version}/restore",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("version" = i32, Path, description = "The version's number")
    ),
    responses((status = 200, description = "The file as it is now", body = FileDetailView))
)]
async fn take_again(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, version)): Path<(FileId, i32)>,
) -> Result<Tagged<Json<FileDetailView>>, Problem> {
    let file = files::take_version_again(&deps.store, &deps.live, &caller, id, version).await?;
    Ok(tagged(file))
}
