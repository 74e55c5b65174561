//! Frames to functions: which one, and what the client hears when it fails.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{Connection, Inner, Running, Talk, event};

impl Talk<'_> {
    /// Hands a frame to the function of its route.
    pub(super) fn deliver(&self, message: Message) -> Running {
        let (inner, connection) = (Arc::clone(self.inner), Arc::clone(self.connection));
        Box::pin(async move {
            let is_text = message.is_text();
            let frame = message.into_data();
            let Some((route, function)) = route(&inner, &frame) else {
                return Some(failure("Forbidden", &connection, ""));
            };
            let (event, request) = event::message(&connection, route, &frame, is_text);
            let call = inner.lambda.invoke(function, event);
            match tokio::time::timeout(inner.integration, call).await {
                // Without a route response, what the function answers is not sent to the client.
                Ok(Ok(_)) => None,
                Ok(Err(error)) => {
                    tracing::warn!(function, %error, "a frame was not handled");
                    Some(failure("Internal server error", &connection, &request))
                }
                Err(_) => Some(failure("Endpoint request timed out", &connection, &request)),
            }
        })
    }
}

/// The route that a frame chooses, else `$default`.
fn route<'a>(inner: &'a Inner, frame: &[u8]) -> Option<(&'a str, &'a str)> {
    let sockets = inner.sockets.as_ref()?;
    let own = sockets.routes.keys().any(|key| !key.starts_with('$'));
    let chosen = own
        .then(|| serde_json::from_slice::<Value>(frame).ok())
        .flatten();
    let chosen = chosen
        .as_ref()
        .and_then(|body| body.get(&sockets.selection)?.as_str());
    let key = chosen.filter(|key| !key.starts_with('$') && sockets.routes.contains_key(*key));
    let (key, function) = sockets.routes.get_key_value(key.unwrap_or("$default"))?;
    Some((key, function))
}

fn failure(message: &str, connection: &Connection, request: &str) -> Utf8Bytes {
    let body = json!({ "message": message, "connectionId": connection.id, "requestId": request });
    body.to_string().into()
}
