//! The second face of uploads: the routes that Uppy's `@uppy/aws-s3` calls on its companion.
//!
//! The same use cases as the first; `key`, which Uppy sends with each call, is not read.

use app::http::{Json, Path, Routes};
use app::uploads::{self, Deps, Outcome};
use app::{Caller, Problem, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::UploadId;
use wire::problem::Code;
use wire::rest::uppy::{UppyCompleted, UppyGone, UppyPart, UppySigned, UppyStart, UppyStarted};

/// What `companionEndpoint` (Uppy 6) or `endpoint` (before) with `/v1` at its end leads to.
pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, start, parts, cancel, sign, complete)
}

/// Begins an upload for Uppy
///
/// As `POST /v1/uploads` with `checksum: none`. The file's `meta` must name `roomId` and `size`. docs/uploading.md says
/// which options Uppy needs.
///
/// Refusals: those of `POST /v1/uploads`.
#[utoipa::path(
    post,
    path = "/v1/s3/multipart",
    tag = "uppy",
    request_body = UppyStart,
    responses((status = 200, description = "The upload", body = UppyStarted))
)]
async fn start(
    State(deps): State<Deps>,
    caller: Caller,
    Json(request): Json<UppyStart>,
) -> Result<Json<UppyStarted>, Problem> {
    let started = uploads::begin(&deps, &caller, request.parse()?).await?;
    // Only checksums of the parts make content known before it is sent, and Uppy tells none.
    let upload = started.upload;
    let upload =
        upload.ok_or_else(|| Problem::internal("an upload without checksums was known already"))?;
    Ok(Json(upload.into()))
}

/// Lists the parts that S3 has, for Uppy
///
/// Uppy resumes by it. Parts of another length than planned are left out: they are sent again.
///
/// Refusals: `not_found`, `upload_state`.
#[utoipa::path(
    get,
    path = "/v1/s3/multipart/{id}",
    tag = "uppy",
    params(
        ("id" = uuid::Uuid, Path, description = "The upload"),
        ("key" = Option<String>, Query, description = "Not read")
    ),
    responses((status = 200, description = "The parts, in order", body = Vec<UppyPart>))
)]
async fn parts(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<Json<Vec<UppyPart>>, Problem> {
    let parts = uploads::parts(&deps, &caller, id).await?;
    let parts = parts.into_iter().map(|part| UppyPart {
        part_number: part.number,
        size: part.size,
        etag: part.etag,
    });
    Ok(Json(parts.collect()))
}

/// Signs one part for Uppy
///
/// S3 takes exactly the planned length: let `getChunkSize` follow the plan.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `upload_state`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/s3/multipart/{id}/{n}",
    tag = "uppy",
    params(
        ("id" = uuid::Uuid, Path, description = "The upload"),
        ("n" = u32, Path, description = "The part"),
        ("key" = Option<String>, Query, description = "Not read")
    ),
    responses((status = 200, description = "Leave to send it", body = UppySigned))
)]
async fn sign(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, number)): Path<(UploadId, u32)>,
) -> Result<Json<UppySigned>, Problem> {
    let mut signed = uploads::sign(&deps, &caller, id, &[(number, None)]).await?;
    let part = signed.pop().ok_or(Code::NotFound)?;
    let lives = part.expires_at - caller.client.at;
    Ok(Json(UppySigned {
        url: part.url,
        expires: lives.whole_seconds().unsigned_abs(),
    }))
}

/// Finishes an upload for Uppy
///
/// The list of parts that Uppy sends is not read: what S3 lists itself counts. 202 while S3 still joins a huge object;
/// it becomes a file without another call.
///
/// Refusals: those of `POST /v1/uploads/{id}/complete`.
#[utoipa::path(
    post,
    path = "/v1/s3/multipart/{id}/complete",
    tag = "uppy",
    params(
        ("id" = uuid::Uuid, Path, description = "The upload"),
        ("key" = Option<String>, Query, description = "Not read")
    ),
    responses(
        (status = 200, description = "The file is there", body = UppyCompleted),
        (status = 202, description = "S3 is joining the parts", body = UppyCompleted)
    )
)]
async fn complete(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<(StatusCode, Json<UppyCompleted>), Problem> {
    let (status, location) = match uploads::complete(&deps, &caller, id).await? {
        Outcome::Done(file) => (StatusCode::OK, format!("/v1/files/{}", file.id)),
        Outcome::Joining(upload) => (StatusCode::ACCEPTED, format!("/v1/uploads/{}", upload.id)),
    };
    let key = id.to_string();
    Ok((status, Json(UppyCompleted { location, key })))
}

/// Gives an upload of Uppy up
///
/// As `DELETE /v1/uploads/{id}`.
///
/// Refusals: `not_found`, `forbidden`, `upload_state`.
#[utoipa::path(
    delete,
    path = "/v1/s3/multipart/{id}",
    tag = "uppy",
    params(
        ("id" = uuid::Uuid, Path, description = "The upload"),
        ("key" = Option<String>, Query, description = "Not read")
    ),
    responses((status = 200, description = "It is given up", body = UppyGone))
)]
async fn cancel(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<Json<UppyGone>, Problem> {
    uploads::cancel(&deps, &caller, id).await?;
    Ok(Json(UppyGone {}))
}
