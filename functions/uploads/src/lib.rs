//! The uploads function: plans, signs, checks and records; the bytes go from the client to S3.

mod batches;
mod uppy;

use app::http::{Json, OptionalJson, Path, Query, Routes, Shared};
use app::uploads::{self, Deps, Outcome};
use app::{Caller, Problem, env, routes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::UploadId;
use wire::rest::files::FileView;
use wire::rest::page::Page;
use wire::rest::storage::StorageView;
use wire::rest::upload_list::{PartsQuery, UploadsQuery};
use wire::rest::upload_views::{SignedPartView, StartedView, UploadDetailView, UploadView};
use wire::rest::uploads::{PartsDone, SignParts, StartUpload};

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
        config: shared.config.uploads,
    };
    let router = routes::<Router<_>>().with_state(deps);
    app::http::serve(router, shared).await
}

/// Every route of this function, as a router or as its document.
pub fn routes<R: Routes<Deps>>() -> R {
    routes!(
        R::default(),
        list,
        start,
        get,
        cancel,
        sign,
        part_done,
        complete,
        storage
    )
    .with(batches::routes)
    .with(uppy::routes)
}

/// Begins an upload
///
/// Everything that can be refused is refused here, before a byte is sent, and the file's bytes are reserved. The plan
/// in the answer says how to cut the file; send each part to its own signed URL, then complete. `Idempotency-Key` makes
/// a retry safe. With the checksums of all parts, content that the caller can read already becomes a file at once
/// (`deduplicated`).
///
/// Refusals: `name_taken` (the title of a thread), `not_found`, `forbidden`, `read_only`, `room_archived`,
/// `uploads_off`, `type_blocked`, `type_not_allowed`, `file_too_large`, `quota_exceeded`, `too_many_uploads`,
/// `invalid`.
#[utoipa::path(
    post,
    path = "/v1/uploads",
    tag = "uploads",
    request_body = StartUpload,
    responses((status = 201, description = "The upload, its plan and leave for its first parts", body = StartedView))
)]
async fn start(
    State(deps): State<Deps>,
    caller: Caller,
    Json(request): Json<StartUpload>,
) -> Result<(StatusCode, Json<StartedView>), Problem> {
    let started = uploads::begin(&deps, &caller, request.parse()?).await?;
    Ok((StatusCode::CREATED, Json(started)))
}

/// Lists uploads
///
/// My own, or with `room_id` everybody's in a room that I am in; newest first.
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/uploads",
    tag = "uploads",
    params(UploadsQuery),
    responses((status = 200, description = "A page", body = Page<UploadView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Query(query): Query<UploadsQuery>,
) -> Result<Json<Page<UploadView>>, Problem> {
    let page = uploads::list(&deps, &caller, query.parse()?).await?;
    Ok(Json(page.map(UploadView::from)))
}

/// Reads one upload
///
/// With what S3 itself says that it has: which parts are there, which are missing. Whoever resumes an upload, on
/// whatever device, begins here.
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/uploads/{id}",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload"), PartsQuery),
    responses((status = 200, description = "The upload", body = UploadDetailView))
)]
async fn get(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
    Query(query): Query<PartsQuery>,
) -> Result<Json<UploadDetailView>, Problem> {
    let detail = uploads::get(&deps, &caller, id, query.parts_after).await?;
    Ok(Json(detail))
}

/// Gives an upload up
///
/// Its bytes are free again at once. Giving it up again is fine.
///
/// Refusals: `not_found`, `forbidden`, `upload_state`.
#[utoipa::path(
    delete,
    path = "/v1/uploads/{id}",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload")),
    responses((status = 204, description = "It is given up"))
)]
async fn cancel(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<StatusCode, Problem> {
    uploads::cancel(&deps, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs parts
///
/// Up to 1,000 a call; `PUT` each part's bytes to its URL with its headers. Sign late and again when a URL has ended.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `upload_state`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/uploads/{id}/parts/sign",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload")),
    request_body = SignParts,
    responses((status = 200, description = "Leave for each part", body = Vec<SignedPartView>))
)]
async fn sign(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
    Json(request): Json<SignParts>,
) -> Result<Json<Vec<SignedPartView>>, Problem> {
    let wanted = request.parse()?;
    Ok(Json(uploads::sign(&deps, &caller, id, &wanted).await?))
}

/// Tells that parts are there
///
/// A hint, so that the room sees progress; nothing else depends on it. The body is optional and may name more parts:
/// once a second is enough.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `upload_state`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/uploads/{id}/parts/{n}/done",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload"), ("n" = u32, Path, description = "The part")),
    request_body(content = Option<PartsDone>),
    responses((status = 204, description = "Heard"))
)]
async fn part_done(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, number)): Path<(UploadId, u32)>,
    OptionalJson(more): OptionalJson<PartsDone>,
) -> Result<StatusCode, Problem> {
    let mut parts = more.map_or_else(Vec::new, |more| more.parts);
    parts.push(number);
    uploads::part_done(&deps.store, &deps.live, &caller, &deps.config, id, &parts).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finishes an upload
///
/// Checks with S3 that every part is there, has them joined, verifies the object and makes it a file of the room. Safe
/// to repeat after any failure. 202 while S3 is still joining a huge object: ask again.
///
/// Refusals: `upload_incomplete` (with `missing`), `upload_state`, `upload_failed`, `not_found`, `forbidden`,
/// `read_only`, `room_archived`.
#[utoipa::path(
    post,
    path = "/v1/uploads/{id}/complete",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The upload")),
    responses(
        (status = 200, description = "The file", body = FileView),
        (status = 202, description = "S3 is joining the parts; ask again", body = UploadView)
    )
)]
async fn complete(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<Response, Problem> {
    Ok(match uploads::complete(&deps, &caller, id).await? {
        Outcome::Done(file) => Json(FileView::from(*file)).into_response(),
        Outcome::Joining(upload) => {
            (StatusCode::ACCEPTED, Json(UploadView::from(*upload))).into_response()
        }
    })
}

/// Reads what the company stores and has left
///
/// Everyone sees the sums; administrators also see whose files and which rooms take the most.
///
/// Refusals: `token_invalid`.
#[utoipa::path(
    get,
    path = "/v1/company/storage",
    tag = "companies",
    responses((status = 200, description = "The figures", body = StorageView))
)]
async fn storage(State(deps): State<Deps>, caller: Caller) -> Result<Json<StorageView>, Problem> {
    Ok(Json(uploads::storage(&deps.store, &caller).await?))
}
