//! Who I am, and where I am signed in.

use app::http::{Json, Path, Query, Routes};
use app::{Caller, Problem, people, routes};
use axum::extract::State;
use axum::http::StatusCode;
use domain::SessionId;
use wire::rest::me::{MeView, SessionView, SessionsQuery};
use wire::rest::page::Page;

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, me, sessions, end_session)
}

/// Answers who is calling
///
/// The person, their company with what its plan allows, and the session.
///
/// Refusals: `session_ended`.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "me",
    responses((status = 200, description = "The caller", body = MeView))
)]
async fn me(State(deps): State<Deps>, caller: Caller) -> Result<Json<MeView>, Problem> {
    people::me(&deps.store, &caller).await.map(Json)
}

/// Lists the caller's sessions
///
/// Each is one sign-in on one device; newest first. Those that were ended or ran out are not there.
///
/// Refusals: `invalid`, `session_ended`.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    tag = "me",
    params(SessionsQuery),
    responses((status = 200, description = "A page of sessions", body = Page<SessionView>))
)]
async fn sessions(
    State(deps): State<Deps>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Page<SessionView>>, Problem> {
    let page = people::sessions(&deps.store, &caller, query.limit, query.cursor.as_deref());
    page.await.map(Json)
}

/// Ends one of the caller's sessions
///
/// The device cannot take new tokens from now on, and its sockets are closed; its access token ends within 15 minutes.
///
/// Refusals: `not_found`.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    tag = "me",
    params(("id" = uuid::Uuid, Path, description = "The session")),
    responses((status = 204, description = "Ended"))
)]
async fn end_session(
    State(deps): State<Deps>,
    caller: Caller,
    Path(session): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    people::end_session(&deps.store, &deps.live, &caller, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
