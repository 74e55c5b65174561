//! Coming in, staying in, going out.

use app::http::{Json, OptionalJson, Routes};
use app::{Caller, Client, Problem, auth, routes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use wire::rest::auth::{Login, Logout, Refresh, Register, TokensView};

use crate::Deps;

pub(crate) fn routes<R: Routes<Deps>>(others: R) -> R {
    routes!(others, register, login, refresh, logout)
}

/// Registers a company and its owner
///
/// Answers the owner signed in. An answer that got lost is no loss: the retry says `email_taken`, and signing in works.
///
/// Refusals: `invalid`, `email_taken`.
#[utoipa::path(
    post,
    path = "/v1/auth/register",
    tag = "auth",
    request_body = Register,
    responses((status = 201, description = "Signed in", body = TokensView))
)]
async fn register(
    State(deps): State<Deps>,
    client: Client,
    Json(request): Json<Register>,
) -> Result<(StatusCode, HeaderMap, Json<TokensView>), Problem> {
    let registration = request.parse()?;
    let tokens = auth::register(&deps.store, &deps.signer, &client, registration).await?;
    Ok((StatusCode::CREATED, not_kept(), Json(tokens)))
}

/// Signs in
///
/// The same answer, after the same time, whether the address is unknown or the password wrong. Five failures within
/// five minutes, from one address or for one account, are followed by `rate_limited`; five in a row for one account by
/// `account_locked` for 15 minutes. Both say in `Retry-After` how long to wait; both happen to unknown addresses too.
///
/// Refusals: `invalid`, `credentials_invalid`, `account_suspended`, `account_locked`, `rate_limited`, `unavailable`.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "auth",
    request_body = Login,
    responses((status = 200, description = "Signed in", body = TokensView))
)]
async fn login(
    State(deps): State<Deps>,
    client: Client,
    Json(request): Json<Login>,
) -> Result<(HeaderMap, Json<TokensView>), Problem> {
    let credentials = request.parse()?;
    let tokens = auth::login(&deps.store, &deps.live, &deps.signer, &client, credentials).await?;
    Ok((not_kept(), Json(tokens)))
}

/// Exchanges a refresh token for new tokens
///
/// Each refresh token is good for one use. One that comes again ends its session, because someone else may have it;
/// only a retry that carries the same `client_id` as the first use gets the same new token once more, as long as that
/// was not used. Refresh in one place of a client at a time.
///
/// Refusals: `invalid`, `session_ended`.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "auth",
    request_body = Refresh,
    responses((status = 200, description = "New tokens", body = TokensView))
)]
async fn refresh(
    State(deps): State<Deps>,
    client: Client,
    Json(request): Json<Refresh>,
) -> Result<(HeaderMap, Json<TokensView>), Problem> {
    let presented = request.parse()?;
    let tokens = auth::refresh(&deps.store, &deps.live, &deps.signer, &client, presented).await?;
    Ok((not_kept(), Json(tokens)))
}

/// Signs out
///
/// Ends the session of the `refresh_token` in the body, else that of the access token; the body may be absent. Its
/// refresh token is worth nothing from now on, its sockets are closed, its access token runs out within 15 minutes.
/// Signing out twice is fine.
///
/// Refusals: `unauthenticated` with neither token, `invalid`.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "auth",
    request_body = Option<Logout>,
    responses((status = 204, description = "Signed out"))
)]
async fn logout(
    State(deps): State<Deps>,
    client: Client,
    caller: Option<Caller>,
    OptionalJson(request): OptionalJson<Logout>,
) -> Result<StatusCode, Problem> {
    let token = request.unwrap_or_default().parse()?;
    auth::logout(&deps.store, &deps.live, &client, caller.as_ref(), token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing on the way may keep an answer with tokens in it.
fn not_kept() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}
