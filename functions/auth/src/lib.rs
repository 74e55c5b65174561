//! The auth function: who someone is. The only one that can sign tokens.

mod me;
mod sign_in;

use app::http::Shared;
use app::signing::Signer;
use app::{Live, Store, env};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// Redis, for the limits of sign-in; DynamoDB and the sockets of who signs out.
    pub live: Live,
    /// The keys that sign access tokens.
    pub signer: Signer,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    let store = env::store()?;
    let live = env::live(&store)?;
    let shared = Shared::from_env(&store, Some(&live))?;
    let signer = Signer::from_env()?;
    let deps = Deps {
        store,
        live,
        signer,
    };
    let (router, _) = routes().with_state(deps).split_for_parts();
    app::http::serve(router, shared).await
}

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<Deps> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::register))
        .routes(routes!(sign_in::login))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_in::logout))
        .routes(routes!(me::me))
        .routes(routes!(me::sessions))
        .routes(routes!(me::end_session))
}
