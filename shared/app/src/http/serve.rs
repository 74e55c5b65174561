//! Puts the layers around a function's router and serves invocations.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use live::Live;

use super::identify::identify;
use crate::config::Config;
use crate::token::Verifier;
use crate::{Problem, Store, env};
use wire::problem::Code;

/// What the layer itself needs.
pub struct Shared {
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Says whether a caller is still active.
    pub store: Store,
    /// Limits and idempotency keys; none for a function that may not touch them.
    pub live: Option<Live>,
    /// The tunable settings.
    pub config: Config,
}

impl Shared {
    /// From the environment: tokens are checked with the keys in `store`.
    ///
    /// # Errors
    /// [`env::SettingError`] naming the variable.
    pub fn from_env(store: &Store, live: Option<&Live>) -> Result<Self, env::SettingError> {
        Ok(Self {
            verifier: Verifier::new(store.clone(), &env::required("MARU_ISSUER")?),
            store: store.clone(),
            live: live.cloned(),
            config: env::config()?,
        })
    }
}

/// Serves `router` behind the shared layers until the instance is taken away.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn serve(router: Router, shared: Shared) -> Result<(), crate::Error> {
    lambda_http::run(layered(router, shared)).await
}

/// `router` with all that is asked around it, as it is served. Outermost first: who calls, how often, the first time,
/// still one of us? One layer for the four, each calls the next: every layer of axum's copies the service beneath it,
/// with all of its layers, for every call.
pub fn layered(router: Router, shared: Shared) -> Router {
    router
        .fallback(|| async { Problem::new(Code::RouteNotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .layer(from_fn_with_state(Arc::new(shared), identify))
}
