//! The status function: health, the contract, the public keys; and the answer to every unknown path.

use app::http::{Json, Routes, Shared};
use app::status::{self, Dependencies};
use app::{Problem, Store, env, routes};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use wire::rest::status::{HealthView, JwksView, ReadyView};

/// The contract of the REST API, as generated from the code.
const OPENAPI: &str = include_str!("../../../docs/api/openapi.json");

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres, for the public keys.
    pub store: Store,
    /// Whatever is asked whether it answers.
    pub dependencies: Dependencies,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    let store = env::store()?;
    // No limits here: whether we are well must not depend on Redis.
    let shared = Shared::from_env(&store, None)?;
    let dependencies = Dependencies {
        store: store.clone(),
        live: env::live(&store)?,
        files: env::files()?,
    };
    let deps = Deps {
        store,
        dependencies,
    };
    let router = routes::<Router<_>>().with_state(deps);
    app::http::serve(router, shared).await
}

/// Every route of this function, as a router or as its document.
pub fn routes<R: Routes<Deps>>() -> R {
    routes!(R::default(), live, ready, openapi, jwks)
}

/// Answers that functions run
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "status",
    responses((status = 200, description = "It runs", body = HealthView))
)]
async fn live() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// Answers whether everything that requests need is there
///
/// Each dependency is asked, for a second at most. When one is down, the refusal lists them all in `dependencies`.
///
/// Refusals: `unavailable`.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "status",
    responses((status = 200, description = "All is there", body = ReadyView))
)]
async fn ready(State(deps): State<Deps>) -> Result<Json<ReadyView>, Problem> {
    Box::pin(status::ready(&deps.dependencies)).await.map(Json)
}

/// The contract of this API
///
/// OpenAPI 3.1, generated from the code.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "status",
    responses((status = 200, description = "The document", body = Object))
)]
async fn openapi() -> ([(HeaderName, &'static str); 2], &'static str) {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, OPENAPI)
}

/// The public keys that check access tokens
///
/// Every key that may have signed a living token.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "status",
    responses((status = 200, description = "The keys (RFC 7517)", body = JwksView))
)]
async fn jwks(
    State(deps): State<Deps>,
) -> Result<([(HeaderName, &'static str); 1], Json<JwksView>), Problem> {
    let keys = status::jwks(&deps.store).await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)))
}
