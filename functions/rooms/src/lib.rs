//! The rooms function: rooms, who is in them, and how far each has read.

mod members;

use app::http::{IfMatch, Json, Path, Query, Routes, Shared, Tagged};
use app::{Caller, Live, Problem, Store, env, rooms, routes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use domain::RoomId;
use wire::rest::page::Page;
use wire::rest::room_changes::{CreateRoom, MarkRead, PatchRoom};
use wire::rest::room_list::ListRooms;
use wire::rest::rooms::{ReadView, RoomView};

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// The sockets that hear of changes.
    pub live: Live,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    let store = env::store()?;
    let live = env::live(&store)?;
    let shared = Shared::from_env(&store, Some(&live))?;
    let router = routes::<Router<_>>().with_state(Deps { store, live });
    app::http::serve(router, shared).await
}

/// Every route of this function, as a router or as its document.
pub fn routes<R: Routes<Deps>>() -> R {
    routes!(
        R::default(),
        list,
        create,
        get,
        change,
        archive,
        restore,
        mark_read
    )
    .with(members::routes)
}

/// Lists rooms, the last active first
///
/// Mine by default, each with my role, what I may do, my unread messages and the newest one. `scope=joinable` lists
/// public rooms that I could join; `scope=company` all rooms of the company, for its administrators.
///
/// Refusals: `forbidden`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/chatrooms",
    tag = "chatrooms",
    params(ListRooms),
    responses((status = 200, description = "A page", body = Page<RoomView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Query(query): Query<ListRooms>,
) -> Result<Json<Page<RoomView>>, Problem> {
    let asked = query.parse()?;
    let page = rooms::list(&deps.store, &caller, &asked).await?;
    Ok(Json(page))
}

/// Makes a room
///
/// I become its creator; all of the first members are in it from the start, or it is not made.
///
/// Refusals: `forbidden`, `name_taken`, `member_limit`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms",
    tag = "chatrooms",
    request_body = CreateRoom,
    responses((status = 201, description = "The room", body = RoomView))
)]
async fn create(
    State(deps): State<Deps>,
    caller: Caller,
    Json(request): Json<CreateRoom>,
) -> Result<(StatusCode, Tagged<Json<RoomView>>), Problem> {
    let draft = request.parse(caller.user)?;
    let room = rooms::create(&deps.store, &deps.live, &caller, draft).await?;
    Ok((StatusCode::CREATED, tagged(room)))
}

/// Reads a room
///
/// With my role, what I may do, my unread messages and the newest one.
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/chatrooms/{id}",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses((status = 200, description = "The room", body = RoomView))
)]
async fn get(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
) -> Result<Tagged<Json<RoomView>>, Problem> {
    let room = rooms::get(&deps.store, &caller, room).await?;
    Ok(tagged(room))
}

/// Changes a room
///
/// A JSON merge patch for creator and admins; only the creator changes the type. With `If-Match` it is refused when
/// the room has changed since it was read.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `name_taken`, `conflict`, `version_mismatch`,
/// `invalid`.
#[utoipa::path(
    patch,
    path = "/v1/chatrooms/{id}",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body = PatchRoom,
    responses((status = 200, description = "The room as it is now", body = RoomView))
)]
async fn change(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    version: IfMatch,
    Json(request): Json<PatchRoom>,
) -> Result<Tagged<Json<RoomView>>, Problem> {
    let change = request.parse()?;
    let room = rooms::change(&deps.store, &deps.live, &caller, room, change, version).await?;
    Ok(tagged(room))
}

/// Archives a room
///
/// Reading and downloading go on; every write is refused until it is restored. For creator, admins, and
/// administrators of the company.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/archive",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses((status = 200, description = "The room as it is now", body = RoomView))
)]
async fn archive(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
) -> Result<Tagged<Json<RoomView>>, Problem> {
    let room = rooms::archive(&deps.store, &deps.live, &caller, room).await?;
    Ok(tagged(room))
}

/// Restores an archived room
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `conflict`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/restore",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    responses((status = 200, description = "The room as it is now", body = RoomView))
)]
async fn restore(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
) -> Result<Tagged<Json<RoomView>>, Problem> {
    let room = rooms::restore(&deps.store, &deps.live, &caller, room).await?;
    Ok(tagged(room))
}

/// Moves my read marker
///
/// Never back, never beyond the log's end. My other devices hear of it.
///
/// Refusals: `not_found`, `forbidden`, `invalid`.
#[utoipa::path(
    put,
    path = "/v1/chatrooms/{id}/read",
    tag = "chatrooms",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body = MarkRead,
    responses((status = 200, description = "Where it stands now", body = ReadView))
)]
async fn mark_read(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Json(request): Json<MarkRead>,
) -> Result<Json<ReadView>, Problem> {
    let seq = request.parse()?;
    let marker = rooms::mark_read(&deps.store, &deps.live, &caller, room, seq).await?;
    Ok(Json(marker))
}

fn tagged(room: RoomView) -> Tagged<Json<RoomView>> {
    Tagged(room.room.version, Json(room))
}
