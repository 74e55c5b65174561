//! The realtime function: tickets for sockets, and the REST twins of resume.

use app::http::{Json, Path, Query, Routes, Shared};
use app::{Caller, Live, Problem, Store, env, realtime, routes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use domain::RoomId;
use wire::rest::realtime::{EventsQuery, EventsView, SyncQuery, SyncView, TicketView};

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// Where tickets are kept.
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
    routes!(R::default(), ticket, sync, events)
}

/// Makes a ticket that opens one socket
///
/// Good once, for 30 seconds: put it into the socket's address as `?ticket=…`. For browsers, which
/// cannot send headers with a socket; other clients may send `Authorization: Bearer` instead.
///
/// Refusals: `token_invalid`.
#[utoipa::path(
    post,
    path = "/v1/realtime/tickets",
    tag = "realtime",
    responses((status = 201, description = "The ticket", body = TicketView))
)]
async fn ticket(
    State(deps): State<Deps>,
    caller: Caller,
) -> Result<(StatusCode, Json<TicketView>), Problem> {
    let ticket = realtime::ticket(&deps.store, &deps.live, &caller).await?;
    Ok((StatusCode::CREATED, Json(ticket)))
}

/// Reads what happened in all my rooms
///
/// Without a cursor: where everything stands now, and the cursor to read on from. With one: what
/// happened since, in order within each room. The cursor stays small however many rooms there are.
///
/// Refusals: `invalid`, `token_invalid`.
#[utoipa::path(
    get,
    path = "/v1/sync",
    tag = "realtime",
    params(SyncQuery),
    responses((status = 200, description = "What happened", body = SyncView))
)]
async fn sync(
    State(deps): State<Deps>,
    caller: Caller,
    Query(query): Query<SyncQuery>,
) -> Result<Json<SyncView>, Problem> {
    let (cursor, limit) = query.parse()?;
    let view = realtime::sync(&deps.store, &caller, cursor, limit).await?;
    Ok(Json(view))
}

/// Reads a room's log on
///
/// What follows `after`, oldest first; the same events that sockets get. `reset` says that too much was
/// missed, or that it is kept no longer: load the room anew.
///
/// Refusals: `not_found`, `invalid`.
#[utoipa::path(
    get,
    path = "/v1/chatrooms/{id}/events",
    tag = "realtime",
    params(("id" = uuid::Uuid, Path, description = "The room"), EventsQuery),
    responses((status = 200, description = "The events", body = EventsView))
)]
async fn events(
    State(deps): State<Deps>,
    caller: Caller,
    Path(room): Path<RoomId>,
    Query(query): Query<EventsQuery>,
) -> Result<Json<EventsView>, Problem> {
    let (after, limit) = query.parse()?;
    let view = realtime::events(&deps.store, &caller, room, after, limit).await?;
    Ok(Json(view))
}
