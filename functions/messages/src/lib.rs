//! The messages function: saying things in a room, and reading what was said.

use app::http::{Json, Path, Query, Routes, Shared};
use app::{Caller, Live, Problem, Store, env, messages, routes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{MessageId, RoomId};
use wire::rest::history::{self, HistoryQuery};
use wire::rest::messages::{MessageView, SendMessage};
use wire::rest::page::Page;
use wire::written::Written;

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
    routes!(R::default(), list, send, get)
}

/// Sends a message
///
/// Answers it as stored. A retry with the same `client_id` answers the first message and tells nobody twice;
/// the same `client_id` with other content is refused.
///
/// Refusals: `not_found`, `forbidden`, `read_only`, `room_archived`, `slow_mode`, `client_id_reused`, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/chatrooms/{id}/messages",
    tag = "messages",
    params(("id" = uuid::Uuid, Path, description = "The room")),
    request_body = SendMessage,
    responses((status = 201, description = "The message", body = MessageView))
)]
async fn send(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Json(request): Json<SendMessage>,
) -> Result<(StatusCode, Json<Written<MessageView>>), Problem> {
    let draft = request.parse()?;
    let sent = messages::send(&deps.store, &deps.live, &caller, room, draft).await?;
    Ok((StatusCode::CREATED, Json(sent)))
}

/// Reads a room's messages in pages
///
/// The newest ones unless told otherwise. A page goes in the direction that was asked for (`after`: oldest first,
/// all others: newest first) and `next_cursor` goes on in it; `prev_cursor` turns round.
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/chatrooms/{id}/messages",
    tag = "messages",
    params(("id" = uuid::Uuid, Path, description = "The room"), HistoryQuery),
    responses((status = 200, description = "A page", body = Page<MessageView>))
)]
async fn list(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let (window, limit) = query.parse()?;
    let found = messages::history(&deps.store, &caller, room, window, limit).await?;
    Ok(Json(history::page(window, found)))
}

/// Reads one message
///
/// Refusals: `not_found`.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    tag = "messages",
    params(("id" = uuid::Uuid, Path, description = "The message")),
    responses((status = 200, description = "The message", body = MessageView))
)]
async fn get(
    State(deps): State<Deps>,
    caller: Caller,
    Path(message): Path<MessageId>,
) -> Result<Json<MessageView>, Problem> {
    let found = messages::get(&deps.store, &caller, message).await?;
    Ok(Json(found.into()))
}
