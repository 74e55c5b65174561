//! Previews of files.

use app::http::{Json, Path, Query, Routes};
use app::{Caller, Problem, previews, routes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::FileId;
use domain::preview::Size;
use wire::problem::FieldError;
use wire::rest::files::DownloadView;
use wire::rest::previews::PreviewQuery;

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, preview)
}

/// Shows a preview of a file
///
/// Answers where the preview is for a while: a JPEG or PNG whose longer side has at most 128, 512 or 1600 pixels,
/// without anything that the original said about place and device; or the first 64 KiB of a text, in UTF-8. `preview`
/// of the file tells which there are. With `redirect=true` the answer is a redirect to that place.
///
/// Refusals: `not_found`, `preview_unavailable` (with `state` and `reason`), `file_quarantined`, `file_infected`,
/// `invalid`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}/preview/{size}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("size" = String, Path, pattern = "^(128|512|1600|text)$", description = "`128`, `512`, `1600` or `text`"),
        PreviewQuery
    ),
    responses(
        (status = 200, description = "Where the preview is", body = DownloadView),
        (status = 302, description = "The same, as a redirect")
    )
)]
async fn preview(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, size)): Path<(FileId, String)>,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, Problem> {
    let size = Size::parse(&size)
        .ok_or_else(|| vec![FieldError::new("size", "unknown", "128, 512, 1600 or text")])?;
    let wanted = (id, size);
    let view = previews::locate(
        &deps.store,
        &deps.files,
        &caller,
        wanted,
        deps.download_url_s,
    )
    .await?;
    Ok(if query.redirect {
        (StatusCode::FOUND, [(header::LOCATION, view.url)]).into_response()
    } else {
        Json(view).into_response()
    })
}
