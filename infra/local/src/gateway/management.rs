//! `@connections`: functions post to sockets, ask about them and close them.

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::registry::{Outbound, Posted};
use super::{Inner, text};
use crate::faults::{self, Target};
use crate::loopback::{Body, Cut, answer, full, read};

/// The largest message to a connection, in bytes.
const MAX_MESSAGE: usize = 128 * 1024;

/// Answers one call, with the faults that stand for it.
pub(super) async fn handle(inner: &Inner, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let operation = match *request.method() {
        Method::POST => "PostToConnection",
        Method::GET => "GetConnection",
        Method::DELETE => "DeleteConnection",
        _ => {
            return Ok(refuse(
                StatusCode::FORBIDDEN,
                "ForbiddenException",
                "no such call",
            ));
        }
    };
    let call = |request| respond(inner, request);
    faults::around(
        &inner.faults,
        (Target::Management, operation),
        request,
        failure,
        call,
    )
    .await
}

async fn respond(inner: &Inner, request: Request<Body>) -> Response<Body> {
    let signed = request.headers().get(AUTHORIZATION);
    if !signed.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256 ")) {
        let kind = "MissingAuthenticationTokenException";
        return refuse(StatusCode::FORBIDDEN, kind, "Missing Authentication Token");
    }
    if inner.quota.as_ref().is_some_and(|quota| !quota.take()) {
        return failure(429);
    }
    let id = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .map(text::percent_decoded);
    let Some(connection) = id.and_then(|id| inner.registry.get(&id)) else {
        return failure(410);
    };
    match *request.method() {
        Method::POST => {
            let Some(body) = read(request.into_body(), MAX_MESSAGE).await else {
                return failure(413);
            };
            let Ok(message) = Utf8Bytes::try_from(body) else {
                let kind = "BadRequestException";
                return refuse(StatusCode::BAD_REQUEST, kind, "a message is UTF-8 text");
            };
            posted(connection.post(Outbound::Send(message)))
        }
        Method::DELETE => match connection.post(Outbound::Close) {
            Posted::Queued => empty(StatusCode::NO_CONTENT),
            other => posted(other),
        },
        _ => {
            let info = json!({
                "connectedAt": text::rfc3339(connection.connected_ms),
                "identity": { "sourceIp": connection.source_ip, "userAgent": connection.user_agent },
                "lastActiveAt": text::rfc3339(connection.last_active_ms()),
            });
            answer(StatusCode::OK, "application/json", info.to_string())
        }
    }
}

fn posted(posted: Posted) -> Response<Body> {
    match posted {
        Posted::Queued => empty(StatusCode::OK),
        Posted::Full => failure(429),
        Posted::Gone => failure(410),
    }
}

/// The error that the service gives with this status.
fn failure(status: u16) -> Response<Body> {
    let (kind, message) = match status {
        410 => ("GoneException", None),
        413 => ("PayloadTooLargeException", Some("Message too long")),
        429 => ("LimitExceededException", Some("Too Many Requests")),
        403 => ("ForbiddenException", Some("Forbidden")),
        _ => (
            "InternalServerErrorException",
            Some("Internal server error"),
        ),
    };
    let body = json!({ "message": message, "connectionId": null, "requestId": null });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    with_kind(answer(status, "application/json", body.to_string()), kind)
}

fn refuse(status: StatusCode, kind: &'static str, message: &str) -> Response<Body> {
    let body = json!({ "message": message }).to_string();
    with_kind(answer(status, "application/json", body), kind)
}

fn with_kind(mut response: Response<Body>, kind: &'static str) -> Response<Body> {
    let name = HeaderName::from_static("x-amzn-errortype");
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(kind));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(bytes::Bytes::new()));
    *response.status_mut() = status;
    response
}
