//! The Runtime API that instances poll, and the Invoke API that functions call each other by.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::json;

use super::pool::{Delivery, Next, Pool};
use super::{Error, Lambda, MAX_PAYLOAD, clock};
use crate::loopback::{Body, answer, read};

const JSON: &str = "application/json";

/// Answers one request of either API.
pub(super) async fn handle(lambda: &Lambda, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.method(), parts.as_slice()) {
        (
            _,
            [
                "instances",
                function,
                id,
                "2018-06-01",
                "runtime",
                call @ ..,
            ],
        ) => {
            let instance = lambda.0.pools.get(*function).zip(id.parse().ok());
            match instance {
                Some((pool, id)) => runtime(pool, id, call, request).await,
                None => refuse(StatusCode::FORBIDDEN, "InvalidInstance", "no such instance"),
            }
        }
        (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) => {
            invoke(lambda, &function_name(name), request).await
        }
        _ => refuse(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "no such path",
        ),
    }
}

async fn runtime(pool: &Pool, id: u64, call: &[&str], request: Request<Body>) -> Response<Body> {
    match (request.method(), call) {
        (&Method::GET, ["invocation", "next"]) => next(pool, id).await,
        (&Method::POST, ["invocation", asked, kind @ ("response" | "error")]) => {
            let result = match read(request.into_body(), MAX_PAYLOAD).await {
                None => Err(Error::TooLarge(MAX_PAYLOAD)),
                Some(body) if *kind == "response" => Ok(body),
                Some(body) => Err(Error::Failed(body)),
            };
            let too_large = matches!(result, Err(Error::TooLarge(_)));
            match pool.answer(id, asked, result) {
                true if too_large => refuse(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "ResponseTooLarge",
                    "6 MiB at most",
                ),
                true => answer(StatusCode::ACCEPTED, JSON, r#"{"status":"OK"}"#),
                false => refuse(StatusCode::BAD_REQUEST, "InvalidRequestID", "not running"),
            }
        }
        (&Method::POST, ["init", "error"]) => {
            let body = read(request.into_body(), MAX_PAYLOAD)
                .await
                .unwrap_or_default();
            let error = String::from_utf8_lossy(&body);
            tracing::error!(function = pool.function.name, %error, "an instance did not come up");
            answer(StatusCode::ACCEPTED, JSON, r#"{"status":"OK"}"#)
        }
        _ => refuse(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "no such path",
        ),
    }
}

/// The instance's next invocation, once there is one.
async fn next(pool: &Pool, id: u64) -> Response<Body> {
    let delivery = match pool.next(id) {
        Some(Next::Now(delivery)) => Some(delivery),
        Some(Next::Later(woken)) => woken.await.ok(),
        None => None,
    };
    match delivery {
        Some(delivery) => deliver(pool, delivery),
        None => refuse(
            StatusCode::GONE,
            "InvalidInstance",
            "this instance has ended",
        ),
    }
}

fn deliver(pool: &Pool, delivery: Delivery) -> Response<Body> {
    let arn = format!(
        "arn:aws:lambda:ap-northeast-2:000000000000:function:{}",
        pool.function.name
    );
    let root = delivery.request.replace('-', "");
    let trace = format!("Root=1-{}-{};Sampled=0", &root[..8], &root[8..]);
    let headers = [
        ("lambda-runtime-aws-request-id", delivery.request),
        (
            "lambda-runtime-deadline-ms",
            delivery.deadline_ms.to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", trace),
    ];
    let mut response = answer(StatusCode::OK, JSON, delivery.payload);
    for (name, value) in headers {
        set(response.headers_mut(), name, &value);
    }
    response
}

async fn invoke(lambda: &Lambda, name: &str, request: Request<Body>) -> Response<Body> {
    let signed = request.headers().get(AUTHORIZATION);
    if !signed.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256 ")) {
        let message = "Missing Authentication Token";
        return refuse(
            StatusCode::FORBIDDEN,
            "MissingAuthenticationTokenException",
            message,
        );
    }
    let kind = request.headers().get("x-amz-invocation-type").cloned();
    let Some(payload) = read(request.into_body(), MAX_PAYLOAD).await else {
        return invoked(Err(Error::TooLarge(MAX_PAYLOAD)));
    };
    match kind.as_ref().map(HeaderValue::as_bytes) {
        Some(b"Event") => match lambda.invoke_event(name, payload) {
            Ok(()) => answer(StatusCode::ACCEPTED, JSON, Bytes::new()),
            Err(error) => invoked(Err(error)),
        },
        None | Some(b"RequestResponse") => invoked(lambda.invoke(name, payload).await),
        Some(_) => {
            let message = "only Event and RequestResponse are played here";
            refuse(
                StatusCode::BAD_REQUEST,
                "InvalidParameterValueException",
                message,
            )
        }
    }
}

/// What the caller of the Invoke API sees.
fn invoked(result: Result<Bytes, Error>) -> Response<Body> {
    let message = |error: &Error| {
        json!({ "errorMessage": error.to_string() })
            .to_string()
            .into()
    };
    let failure: Bytes = match result {
        Ok(bytes) => return answer(StatusCode::OK, JSON, bytes),
        Err(Error::Failed(body)) => body,
        Err(error @ (Error::TimedOut | Error::Exited)) => message(&error),
        Err(error @ Error::Unknown(_)) => {
            return refuse(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                &error.to_string(),
            );
        }
        Err(error @ Error::TooLarge(_)) => {
            let kind = "RequestTooLargeException";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, kind, &error.to_string());
        }
        Err(error @ Error::Throttled) => {
            let kind = "TooManyRequestsException";
            return refuse(StatusCode::TOO_MANY_REQUESTS, kind, &error.to_string());
        }
    };
    let mut response = answer(StatusCode::OK, JSON, failure);
    set(response.headers_mut(), "x-amz-function-error", "Unhandled");
    response
}

/// The function of a name or an ARN, as it stands in a path.
fn function_name(segment: &str) -> String {
    let name = segment.replace("%3A", ":").replace("%3a", ":");
    let name = name
        .rsplit_once(":function:")
        .map_or(name.as_str(), |(_, name)| name);
    name.split(':').next().unwrap_or_default().to_owned()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    let body = json!({ "Type": "User", "Message": message, "errorType": kind });
    let mut response = answer(status, JSON, body.to_string());
    set(response.headers_mut(), "x-amzn-errortype", kind);
    set(
        response.headers_mut(),
        "x-amzn-requestid",
        &clock::request_id(),
    );
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
