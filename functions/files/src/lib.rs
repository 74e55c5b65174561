//! The files function: finding, downloading and changing what was uploaded.

mod change;
mod links;
mod places;
mod preview;
mod threads;
mod versions;

use app::http::{Json, Path, Query, Routes, Shared, Tagged};
use app::{Caller, Files, Live, Problem, Store, env, files, routes};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::FileId;
use wire::rest::file_details::FileDetailView;
use wire::rest::file_list::FilesQuery;
use wire::rest::files::{DownloadQuery, DownloadView, FileView};
use wire::rest::page::Page;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// The sockets that hear of changes.
    pub live: Live,
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
        live,
        files: env::files()?,
        download_url_s: shared.config.uploads.download_url_s,
    };
    let router = routes::<Router<_>>().with_state(deps);
    app::http::serve(router, shared).await
}

/// Every route of this function, as a router or as its document.
pub fn routes<R: Routes<Deps>>() -> R {
    routes!(R::default(), list, get, download)
        .with(change::routes)
        .with(preview::routes)
        .with(links::routes)
        .with(places::routes)
        .with(threads::routes)
        .with(versions::routes)
}

/// Finds files
///
/// Of a room, of a thread, or of all rooms that I am in; newest first. By name (`q`), type, sender, size and date. A
/// file that several of my rooms show is there once.
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
    Ok(Json(
        files::list(&deps.store, &caller, query.parse()?).await?,
    ))
}

/// Reads one file
///
/// With what I may do with it, the rooms that show it to me, and the threads of those that it is in.
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file", body = FileDetailView))
)]
async fn get(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
) -> Result<Tagged<Json<FileDetailView>>, Problem> {
    Ok(tagged(files::get(&deps.store, &caller, id).await?))
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

fn tagged(file: FileDetailView) -> Tagged<Json<FileDetailView>> {
    Tagged(file.file.revision, Json(file))
}
