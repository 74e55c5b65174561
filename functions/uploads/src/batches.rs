//! Batches of uploads.

use app::http::{Json, Path, Routes};
use app::uploads::{self, Deps};
use app::{Caller, Problem, routes};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use domain::BatchId;
use wire::problem::Language;
use wire::rest::upload_batches::{BatchView, StartBatch, StartedBatchView};

/// Every route of batches.
pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, start_batch, get_batch, cancel_batch)
}

/// Begins up to 50 uploads
///
/// Each file for itself: one that is refused does not keep the others back, and what is wrong with it stands in its
/// place. As many as may be sending at a time (5) are begun at once; the others are `pending`, with their bytes
/// reserved, and start by themselves, in order, when one that sends is done. Signing a part of a waiting one starts it
/// too, when a place is free.
///
/// Refusals: `invalid`.
#[utoipa::path(
    post,
    path = "/v1/uploads/batch",
    tag = "uploads",
    request_body = StartBatch,
    responses((status = 201, description = "The batch, and what came of each file", body = StartedBatchView))
)]
async fn start_batch(
    State(deps): State<Deps>,
    caller: Caller,
    Extension(language): Extension<Language>,
    Json(request): Json<StartBatch>,
) -> Result<(StatusCode, Json<StartedBatchView>), Problem> {
    let items = request.parse()?;
    let started = uploads::begin_batch(&deps, &caller, items, language).await?;
    Ok((StatusCode::CREATED, Json(started)))
}

/// Reads a batch
///
/// With one progress over all its files, by what S3 itself has of them. Only who began it sees it.
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/uploads/batches/{id}",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 200, description = "The batch", body = BatchView))
)]
async fn get_batch(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<BatchId>,
) -> Result<Json<BatchView>, Problem> {
    Ok(Json(uploads::get_batch(&deps, &caller, id).await?))
}

/// Gives a batch up
///
/// Whatever of it is still open; what is a file stays one. Giving it up again is fine.
///
/// Refusals: `not_found`.
#[utoipa::path(
    delete,
    path = "/v1/uploads/batches/{id}",
    tag = "uploads",
    params(("id" = uuid::Uuid, Path, description = "The batch")),
    responses((status = 204, description = "It is given up"))
)]
async fn cancel_batch(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<BatchId>,
) -> Result<StatusCode, Problem> {
    uploads::cancel_batch(&deps, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
