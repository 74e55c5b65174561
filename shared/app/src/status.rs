//! Whether all is well, and the keys that check tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use store::Store;
use tokio::time::{Instant, timeout};
use wire::problem::Code;
use wire::rest::status::{DependencyView, JwkView, JwksView, ReadyView};

use crate::{Files, Live, Problem};

/// Longest wait for any of them.
const DEADLINE: Duration = Duration::from_secs(1);

/// What requests need. Cheap to clone.
#[derive(Clone)]
pub struct Dependencies {
    /// Postgres.
    pub store: Store,
    /// Redis and DynamoDB.
    pub live: Live,
    /// S3.
    pub files: Files,
}

/// Asks all of them at once.
///
/// # Errors
/// `unavailable`, with the state of each, when one does not answer in time.
pub async fn ready(on: &Dependencies) -> Result<ReadyView, Problem> {
    let (postgres, redis, dynamodb, s3) = tokio::join!(
        ask("postgres", on.store.ping()),
        ask("redis", on.live.redis().ping()),
        ask("dynamodb", on.live.ping_table()),
        ask("s3", on.files.ping()),
    );
    let dependencies = vec![postgres, redis, dynamodb, s3];
    if dependencies.iter().all(|it| it.state == "up") {
        return Ok(ReadyView {
            status: "ok",
            dependencies,
        });
    }
    let listed = json!(dependencies);
    Err(Problem::new(Code::Unavailable)
        .with("dependencies", listed)
        .retry_after(5))
}

/// Every public key that may have signed a living token.
///
/// # Errors
/// `unavailable` when Postgres is away.
pub async fn jwks(store: &Store) -> Result<JwksView, Problem> {
    let keys = store.signing_keys().await?;
    let keys = keys.into_iter().map(|key| JwkView {
        kid: key.kid,
        kty: "OKP",
        crv: "Ed25519",
        usage: "sig",
        alg: "EdDSA",
        x: URL_SAFE_NO_PAD.encode(key.public_key),
    });
    Ok(JwksView {
        keys: keys.collect(),
    })
}

async fn ask<E: std::error::Error>(
    name: &'static str,
    ping: impl Future<Output = Result<(), E>>,
) -> DependencyView {
    let began = Instant::now();
    let state = match timeout(DEADLINE, ping).await {
        Ok(Ok(())) => "up",
        Ok(Err(error)) => {
            tracing::warn!(name, ?error, "a dependency is down");
            "down"
        }
        Err(_) => {
            tracing::warn!(name, "a dependency did not answer in time");
            "down"
        }
    };
    DependencyView {
        name,
        state,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}
