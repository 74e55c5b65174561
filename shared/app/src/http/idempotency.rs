//! What makes a creating call safe to repeat: `Idempotency-Key` on any POST with a token.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use live::Live;
use live::idempotency::{Answer, Begun, MAX_KEPT};
use sha2::{Digest as _, Sha256};
use wire::problem::{Code, FieldError};

use super::stands::stands;
use super::{Shared, max_body};
use crate::{Caller, Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key, in characters.
const MAX_KEY: usize = 128;

/// Runs the call once per key; a repetition gets the first answer again.
pub(super) async fn once(shared: &Shared, request: Request, next: Next) -> Response {
    let Some(key) = request
        .headers()
        .get(KEY)
        .filter(|_| request.method() == Method::POST)
    else {
        return stands(shared, request, next).await;
    };
    // A function without a table has nothing to repeat an answer from.
    let live = shared.live.as_ref().filter(|live| !live.table().is_empty());
    let (Some(live), Some(caller)) = (live, request.extensions().get::<Caller>().cloned()) else {
        return stands(shared, request, next).await;
    };
    let key = match valid_key(key) {
        Ok(key) => key,
        Err(problem) => return problem.into_response(),
    };
    // On the heap: every call would carry it along, and few have a key.
    match Box::pin(run((shared, live), &caller, &key, request, next)).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn run(
    (shared, live): (&Shared, &Live),
    caller: &Caller,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let most = max_body(&parts.extensions);
    let body = to_bytes(body, most)
        .await
        .map_err(|_| Problem::new(Code::BodyTooLarge).with("limit_bytes", most))?;
    let digest = digest(&parts.method, parts.uri.path(), &body);
    let now = caller.client.at;
    match live
        .idempotency_begin(caller.user, key, &digest, now)
        .await?
    {
        Begun::Replay(answer) => return Ok(replay(answer)),
        Begun::Running => return Err(Problem::new(Code::InProgress).retry_after(1)),
        Begun::Reused => return Err(Code::IdempotencyKeyReused.into()),
        Begun::Run => {}
    }
    let request = Request::from_parts(parts, Body::from(body));
    let response = stands(shared, request, next).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(Problem::internal)?;
    // Refusals are not kept: what was refused may be allowed a moment later, and it changed nothing.
    let kept = if parts.status.is_success() && body.len() <= MAX_KEPT && may_be_kept(&parts.headers)
    {
        let answer = answer(&parts, &body);
        live.idempotency_finish(caller.user, key, &digest, &answer, now)
            .await
    } else {
        live.idempotency_abandon(caller.user, key).await
    };
    if let Err(error) = kept {
        tracing::warn!(error = %error, request_id = caller.client.request_id, "a first answer was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn valid_key(key: &HeaderValue) -> Result<String, Problem> {
    key.to_str()
        .ok()
        .filter(|key| (1..=MAX_KEY).contains(&key.len()))
        .map(str::to_owned)
        .ok_or_else(|| {
            let detail = format!("1 to {MAX_KEY} visible ASCII characters, such as a UUID");
            Problem::invalid(vec![FieldError::new(
                "Idempotency-Key",
                "invalid_value",
                detail,
            )])
        })
}

fn digest(method: &Method, path: &str, body: &Bytes) -> String {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    STANDARD_NO_PAD.encode(hash.finalize())
}

/// Tokens are for one pair of eyes, once.
fn may_be_kept(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CACHE_CONTROL);
    said.is_none_or(|said| !said.as_bytes().starts_with(b"no-store"))
}

fn answer(parts: &http::response::Parts, body: &Bytes) -> Answer {
    let header = |name| {
        let value = parts
            .headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok());
        value.unwrap_or("").to_owned()
    };
    Answer {
        status: parts.status.as_u16(),
        content_type: header(header::CONTENT_TYPE),
        etag: header(header::ETAG),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

fn replay(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [
        (header::CONTENT_TYPE, answer.content_type),
        (header::ETAG, answer.etag),
    ] {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_covers_method_path_and_body() {
        let body = Bytes::from_static(b"{}");
        let first = digest(&Method::POST, "/v1/chatrooms", &body);
        assert_eq!(first, digest(&Method::POST, "/v1/chatrooms", &body));
        assert_ne!(first, digest(&Method::POST, "/v1/chatroom", &body));
        assert_ne!(
            first,
            digest(&Method::POST, "/v1/chatrooms", &Bytes::from_static(b"{ }"))
        );
    }
}
