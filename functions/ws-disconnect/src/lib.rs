//! The ws-disconnect function: forgets a closed connection. Best effort: the lease is what counts.

use app::socket::{about, connection};
use app::{Error, Live, Problem, Store, env, telemetry};
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest as Request;
use domain::RoomId;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), Error> {
    let store = env::store()?;
    let live = env::live(&store)?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Request>| {
        let about = about(&event.payload.request_context);
        telemetry::within(about, Box::pin(disconnect(&store, &live, event.payload)))
    }))
    .await
}

async fn disconnect(store: &Store, live: &Live, event: Request) -> Result<Value, Error> {
    if let Err(problem) = forget(store, live, &event).await {
        tracing::warn!(code = problem.code.as_str(), error = ?problem.source, "a closed socket is left to its lease");
    }
    Ok(json!({ "statusCode": 200 }))
}

async fn forget(store: &Store, live: &Live, event: &Request) -> Result<(), Problem> {
    let it = connection(&event.request_context)?;
    live.disconnected(it.user, &it.id, None).await?;
    // Whoever was signed out has no heads any more; pushes find their sockets gone.
    let heads = store.heads(it.company, it.user, it.session).await?;
    let rooms: Vec<RoomId> = heads
        .map(|heads| heads.rooms.into_iter().map(|(room, _)| room).collect())
        .unwrap_or_default();
    live.unlisten(it.company, it.user, &it.id, &rooms).await?;
    Ok(())
}
