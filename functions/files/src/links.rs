//! Links that share a file with anyone who has them.

use app::http::{Json, Path, Query, Routes};
use app::{Caller, Client, Problem, files, routes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{FileId, LinkId};
use wire::rest::file_links::{CreateLink, LinkView, NewLinkView};
use wire::rest::file_list::PartOfFileQuery;
use wire::rest::page::Page;

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, list, create, revoke, follow)
}

/// Shares a file by a link
///
/// Anyone who has the link downloads the file, without an account, until it ends, is used up or taken back. The answer
/// is the only place that tells it.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `conflict`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/files/{id}/links",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    request_body = CreateLink,
    responses((status = 201, description = "The link", body = NewLinkView))
)]
async fn create(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Json(request): Json<CreateLink>,
) -> Result<(StatusCode, Json<NewLinkView>), Problem> {
    let link = files::create_link(&deps.store, &caller, id, request.parse()?).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// Lists the links of a file, newest first
///
/// The ended ones too, with how often they were used. For those who may make one.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/files/{id}/links",
    tag = "files",
    params(("id" = uuid::Uuid, Path, description = "The file"), PartOfFileQuery),
    responses((status = 200, description = "A page", body = Page<LinkView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Path(id): Path<FileId>,
    Query(query): Query<PartOfFileQuery>,
) -> Result<Json<Page<LinkView>>, Problem> {
    let page = files::links(&deps.store, &caller, id, query.links()?).await?;
    Ok(Json(page))
}

/// Takes a link back
///
/// From now on it leads nowhere. For who made it and for those who may delete the file.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`.
#[utoipa::path(
    delete,
    path = "/v1/files/{id}/links/{link_id}",
    tag = "files",
    params(
        ("id" = uuid::Uuid, Path, description = "The file"),
        ("link_id" = uuid::Uuid, Path, description = "The link")
    ),
    responses((status = 204, description = "It leads nowhere"))
)]
async fn revoke(
    State(deps): State<Deps>,
    caller: Caller,
    Path((id, link)): Path<(FileId, LinkId)>,
) -> Result<StatusCode, Problem> {
    files::revoke_link(&deps.store, &caller, id, link).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Follows a link
///
/// Needs no token. The answer is a redirect to the content, good for a minute; each counts as a download.
///
/// Refusals: `not_found`, the same for every link that leads nowhere.
#[utoipa::path(
    get,
    path = "/d/{token}",
    tag = "files",
    params(("token" = String, Path, description = "The link's token")),
    responses((status = 302, description = "Where the content is"))
)]
async fn follow(
    State(deps): State<Deps>,
    client: Client,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let url = files::follow_link(&deps.store, &deps.files, &client, &token).await?;
    let headers = [
        (header::LOCATION, url),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        // The token stands in the address of this page: it must not go on to the next one.
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((StatusCode::FOUND, headers).into_response())
}
