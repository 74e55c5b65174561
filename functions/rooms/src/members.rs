//! Routes of the people in a room.

use app::http::{Json, Path, Query, Routes, Tagged};
use app::{Caller, Problem, members, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::{RoomId, UserId};
use wire::rest::members::{AddMembers, AddedMembers, ChangeMember, ListMembers, MemberView};
use wire::rest::page::Page;
use wire::rest::rooms::RoomView;

use crate::Deps;

/// Every route of the people in a room.
pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, list, add, change, remove, join, leave)
}

/// Lists a room's members, in the order in which they registered
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/chatrooms/{id}/members",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room"), ListMembers),
    responses((status = 200, description = "A page", body = Page<MemberView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Query(query): Query<ListMembers>,
) -> Result<Json<Page<MemberView>>, Problem> {
    let asked = query.parse()?;
    let page = members::list(&deps.store, &caller, room, &asked).await?;
    Ok(Json(page))
}

/// Adds people to a room
///
/// All of them or nobody; those who are in already stay as they are. For creator and admins, and for all who may
/// write where the settings say so (these give the role member only).
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `member_limit`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/members",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body = AddMembers,
    responses((status = 200, description = "Who came in, and who was in already", body = AddedMembers))
)]
async fn add(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Json(request): Json<AddMembers>,
) -> Result<Json<AddedMembers>, Problem> {
    let people = request.parse()?;
    let added = members::add(&deps.store, &deps.live, &caller, room, people).await?;
    Ok(Json(added))
}

/// Changes a member's role or access
///
/// For people and roles below one's own. The creator may give `creator`: that hands the room over.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `invalid`.
#[utoipa::path(
    patch,
    path = "/v1/chatrooms/{id}/members/{user_id}",
    tag = "chatrooms",
    params(
        ("id" = uuid::Uuid, Path, description = "The room"),
        ("user_id" = uuid::Uuid, Path, description = "The person"),
    ),
    request_body = ChangeMember,
    responses((status = 200, description = "The member as they are now", body = MemberView))
)]
async fn change(
    State(deps): State<Deps>,
    caller: Caller,
    Path((room, user)): Path<(RoomId, UserId)>,
    Json(request): Json<ChangeMember>,
) -> Result<Json<MemberView>, Problem> {
    let change = request.parse()?;
    let member = members::change(&deps.store, &deps.live, &caller, room, user, change).await?;
    Ok(Json(member))
}

/// Removes a member
///
/// For people below oneself. They hear nothing of the room from then on.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`.
#[utoipa::path(
    delete,
    path = "/v1/chatrooms/{id}/members/{user_id}",
    tag = "chatrooms",
    params(
        ("id" = uuid::Uuid, Path, description = "The room"),
        ("user_id" = uuid::Uuid, Path, description = "The person"),
    ),
    responses((status = 204, description = "They are out"))
)]
async fn remove(
    State(deps): State<Deps>,
    caller: Caller,
    Path((room, user)): Path<(RoomId, UserId)>,
) -> Result<StatusCode, Problem> {
    members::remove(&deps.store, &deps.live, &caller, room, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Joins a public room
///
/// Once in, joining again changes nothing.
///
/// Refusals: `not_found`, `forbidden`, `room_archived`, `member_limit`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/join",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses((status = 200, description = "The room, with me in it", body = RoomView))
)]
async fn join(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
) -> Result<Tagged<Json<RoomView>>, Problem> {
    let room = members::join(&deps.store, &deps.live, &caller, room).await?;
    Ok(crate::tagged(room))
}

/// Leaves a room
///
/// The creator hands it over first.
///
/// Refusals: `not_found`, `forbidden`, `room_archived`, `conflict`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/leave",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses((status = 204, description = "I am out"))
)]
async fn leave(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
) -> Result<StatusCode, Problem> {
    members::leave(&deps.store, &deps.live, &caller, room).await?;
    Ok(StatusCode::NO_CONTENT)
}
