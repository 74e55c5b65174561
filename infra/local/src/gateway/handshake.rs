//! The handshake: authorizer, `$connect`, and only then an open socket.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::event::Handshake;
use super::registry::Connection;
use super::{Inner, connection};
use crate::lambda::Error;
use crate::loopback::{self, Body, full};
use crate::template::Sockets;

/// Whether the request asks for a socket.
pub(super) fn is_upgrade(request: &Request<Body>) -> bool {
    let upgrade = request.headers().get(UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a socket, or says why not.
pub(super) async fn answer(
    inner: &Arc<Inner>,
    sockets: &Sockets,
    mut request: Request<Body>,
) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let version = head
        .headers
        .get(SEC_WEBSOCKET_VERSION)
        .map(HeaderValue::as_bytes);
    let (Some(key), Some(b"13")) = (head.headers.get(SEC_WEBSOCKET_KEY), version) else {
        return refuse(400, "Bad Request");
    };
    let (connection, messages) = Connection::new(&head);
    let handshake = Handshake::new(&head);
    if let Err(refusal) = authorize(inner, sockets, &handshake, &connection).await {
        return refusal;
    }
    let accepted = match connect(inner, sockets, &handshake, &connection).await {
        Ok(accepted) => accepted,
        Err(refusal) => return refusal,
    };
    let connection = Arc::new(connection);
    inner.registry.insert(Arc::clone(&connection));
    let ended = connection::run(Arc::clone(inner), connection, messages, upgrade);
    inner.tasks.spawn(ended);
    switching(key, accepted.protocol())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    principal_id: Value,
    policy_document: Policy,
    #[serde(default)]
    context: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: String,
}

async fn authorize(
    inner: &Inner,
    sockets: &Sockets,
    handshake: &Handshake,
    connection: &Connection,
) -> Result<(), Response<Body>> {
    let Some(function) = &sockets.authorizer else {
        return Ok(());
    };
    let answer = match call(inner, function, handshake.authorize(connection)).await {
        Ok(answer) => answer,
        Err(Error::Failed(error)) if says_unauthorized(&error) => {
            return Err(refuse(401, "Unauthorized"));
        }
        Err(_) => return Err(refuse(500, "Internal server error")),
    };
    let verdict = serde_json::from_slice::<Verdict>(&answer).ok();
    let verdict = verdict.ok_or_else(|| refuse(500, "Internal server error"))?;
    let effects = || {
        verdict
            .policy_document
            .statement
            .iter()
            .map(|one| one.effect.as_str())
    };
    if effects().any(|effect| effect == "Deny") {
        let message = "User is not authorized to access this resource with an explicit deny";
        return Err(refuse(403, message));
    }
    if !effects().any(|effect| effect == "Allow") {
        return Err(refuse(
            403,
            "User is not authorized to access this resource",
        ));
    }
    let context = stated(verdict).ok_or_else(|| refuse(500, "Internal server error"))?;
    // It is set once: this is the only place, and a connection is authorized once.
    connection.authorizer.get_or_init(|| context);
    Ok(())
}

/// The authorizer's context as later events carry it: everything is text, and nothing is nested.
fn stated(verdict: Verdict) -> Option<Value> {
    let mut context = Map::new();
    context.insert("principalId".to_owned(), verdict.principal_id);
    for (name, value) in verdict.context {
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return None,
        };
        context.insert(name, Value::from(text));
    }
    context.insert("integrationLatency".to_owned(), Value::from(1));
    Some(Value::Object(context))
}

fn says_unauthorized(error: &Bytes) -> bool {
    let error: Value = serde_json::from_slice(error).unwrap_or_default();
    error["errorMessage"] == "Unauthorized"
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
}

impl Accepted {
    /// The sub-protocol that `$connect` chose.
    fn protocol(&self) -> Option<HeaderValue> {
        let mut headers = self.headers.iter();
        let (_, value) =
            headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))?;
        value.parse().ok()
    }
}

async fn connect(
    inner: &Inner,
    sockets: &Sockets,
    handshake: &Handshake,
    connection: &Connection,
) -> Result<Accepted, Response<Body>> {
    let broken = || refuse(502, "Internal server error");
    let Some(function) = sockets.routes.get("$connect") else {
        return Err(broken());
    };
    let answer = call(inner, function, handshake.connect(connection)).await;
    let answer = answer.map_err(|_| broken())?;
    let accepted: Accepted = serde_json::from_slice(&answer).map_err(|_| broken())?;
    match accepted.status_code {
        200..=299 => Ok(accepted),
        status => Err(loopback::answer(
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
            "application/json",
            accepted.body.unwrap_or_default(),
        )),
    }
}

async fn call(inner: &Inner, function: &str, event: Bytes) -> Result<Bytes, Error> {
    let call = inner.lambda.invoke(function, event);
    let result = tokio::time::timeout(inner.integration, call).await;
    result.unwrap_or(Err(Error::TimedOut)).inspect_err(|error| {
        tracing::warn!(function, %error, "a handshake failed");
    })
}

fn switching(key: &HeaderValue, protocol: Option<HeaderValue>) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = derive_accept_key(key.as_bytes()).parse() {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

fn refuse(status: u16, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    loopback::answer(
        status,
        "application/json",
        json!({ "message": message }).to_string(),
    )
}
