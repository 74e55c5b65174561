//! The files function: listing and downloading what was uploaded.

mod preview;

use app::http::{Json, Path, Query, Shared};
use app::{Caller, Files, Problem, Store, env, files};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::FileId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::rest::files::{DownloadQuery, DownloadView, FileView, FilesQuery};
use wire::rest::page::Page;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// How long the URL of a download is good for unless the caller says otherwise, in seconds.
    pub download_url_s: u32,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    let store = env::store()?;
    let live = env::live(&store)?;
    let shared = Shared::from_env(&store, Some(&live))?;
    let deps = Deps {
        store,
        files: env::files()?,
        download_url_s: shared.config.uploads.download_url_s,
    };
    let (router, _) = routes().with_state(deps).split_for_parts();
    app::http::serve(router, shared).await
}

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<Deps> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(download))
        .routes(routes!(preview::preview))
}

/// Lists files
///
/// Of a room, or of all rooms that I am in; newest first.
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/files",
    tag = "files",
    params(FilesQuery),
    responses((status = 200, description = "A page", body = Page<FileView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Query(query): Query<FilesQuery>,
) -> Result<Json<Page<FileView>>, Problem> {
    let page = files::list(&deps.store, &caller, query.parse()?).await?;
    Ok(Json(page.map(FileView::from)))
}

/// Reads one file
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file", body = FileView))
)]
async fn get(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
) -> Result<Json<FileView>, Problem> {
    Ok(Json(files::get(&deps.store, &caller, id).await?.into()))
}

/// Downloads a file
///
/// Answers where its content is for a while: fetch it there, whole or in ranges, with its own name. With
/// `redirect=true` the answer is a redirect to that place.
///
/// Refusals: `not_found`, `file_quarantined`, `file_infected`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}/download",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file"), DownloadQuery),
    responses(
        (status = 200, description = "Where the content is", body = DownloadView),
        (status = 302, description = "The same, as a redirect")
    )
)]
async fn download(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Query(query): Query<DownloadQuery>,
) -> Result<Response, Problem> {
    let asked = query.parse()?;
    let view = files::download(
        &deps.store,
        &deps.files,
        &caller,
        id,
        &asked,
        deps.download_url_s,
    )
    .await?;
    Ok(if asked.redirect {
        (StatusCode::FOUND, [(header::LOCATION, view.url)]).into_response()
    } else {
        Json(view).into_response()
    })
}
