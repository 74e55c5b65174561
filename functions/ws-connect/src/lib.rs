//! The ws-connect function: writes a new connection down.
//!
//! It hears of nothing yet: posts to a socket that is still being opened are lost. Its first frame,
//! `hello`, lists it.

use app::socket::{about, connection};
use app::{Error, Live, env, telemetry};
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest as Request;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use wire::socket::PROTOCOL;

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), Error> {
    let live = Live::new(env::connections()?);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Request>| {
        let about = about(&event.payload.request_context);
        telemetry::within(about, Box::pin(connect(&live, event.payload)))
    }))
    .await
}

async fn connect(live: &Live, event: Request) -> Result<Value, Error> {
    let done = async {
        let connection = connection(&event.request_context)?;
        live.connected(&connection).await?;
        Ok::<(), app::Problem>(())
    };
    if let Err(problem) = done.await {
        tracing::error!(code = problem.code.as_str(), error = ?problem.source, "a socket could not be opened");
        return Ok(json!({ "statusCode": problem.code.status() }));
    }
    let mut answer = json!({ "statusCode": 200 });
    if asks_for_protocol(&event) {
        answer["headers"] = json!({ "Sec-WebSocket-Protocol": PROTOCOL });
    }
    Ok(answer)
}

fn asks_for_protocol(event: &Request) -> bool {
    event
        .headers
        .get_all("sec-websocket-protocol")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim() == PROTOCOL)
}
