//! The announce function: pushes one frame to a share of a large room.
//!
//! Outside the VPC: it reaches the management API and DynamoDB, and neither Postgres nor Redis.

use app::socket::Shard;
use app::{Error, Live, env};
use lambda_runtime::{LambdaEvent, service_fn};

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), Error> {
    let live = Live::new(env::connections()?);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Shard>| {
        push(&live, event.payload)
    }))
    .await
}

/// Pushes; Lambda tries again what could not even begin. A second copy does no harm: clients go by `seq`.
async fn push(live: &Live, shard: Shard) -> Result<(), Error> {
    let pushed = live.push_shard(&shard).await?;
    tracing::debug!(sent = pushed.sent, missed = pushed.missed, "pushed a shard");
    Ok(())
}
