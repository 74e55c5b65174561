//! The auth function: who someone is. The only one that can sign tokens.

mod me;
mod sign_in;

use app::http::{Routes, Shared};
use app::signing::Signer;
use app::{Live, Store, env};
use axum::Router;

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
    let router = routes::<Router<_>>().with_state(deps);
    app::http::serve(router, shared).await
}

/// Every route of this function, as a router or as its document.
pub fn routes<R: Routes<Deps>>() -> R {
    R::default().with(sign_in::routes).with(me::routes)
}
