//! The HTTP API: a request becomes a version 2.0 event, the function's answer a response.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, ORIGIN, SET_COOKIE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use wire::problem::Code;

use super::refusal::{code_of, problem};
use super::{Inner, event, text};
use crate::lambda::{Error, Lambda, clock};
use crate::loopback::{Body, full, read};
use crate::template::Cors;

/// The largest body that API Gateway takes, in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// Answers one request.
pub(super) async fn handle(inner: &Inner, request: Request<Body>) -> Response<Body> {
    let request_id = clock::request_id();
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = match &inner.cors {
        Some(cors) if is_preflight(&request) => return preflight(cors, origin.as_ref()),
        _ => respond(inner, &request_id, request).await,
    };
    if let Some(cors) = &inner.cors {
        cross_origin(cors, origin.as_ref(), response.headers_mut());
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

async fn respond(inner: &Inner, request_id: &str, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let refuse = |code| problem(code, request_id, &head.headers);
    if inner.quota.as_ref().is_some_and(|quota| !quota.take()) {
        return refuse(Code::RateLimited);
    }
    let Some(route) = inner.routes.find(head.method.as_str(), head.uri.path()) else {
        return refuse(Code::NotFound);
    };
    let Some(body) = read(body, MAX_BODY).await else {
        return refuse(Code::BodyTooLarge);
    };
    let (event, is_binary) = event::http(&route, request_id, &head, &body);
    inner
        .lambda
        .saw_binary(if is_binary { body.len() } else { 0 });
    let call = inner.lambda.invoke(route.function, event);
    let result = tokio::time::timeout(inner.integration, call).await;
    match result.unwrap_or(Err(Error::TimedOut)) {
        Ok(answer) => mapped(&answer, &inner.lambda).unwrap_or_else(|| refuse(Code::Internal)),
        Err(error) => {
            tracing::warn!(route = route.key, %error, "a request was not answered");
            refuse(code_of(&error))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response that a function's answer stands for; `None` when it stands for none.
fn mapped(answer: &Bytes, lambda: &Lambda) -> Option<Response<Body>> {
    let value: Value = serde_json::from_slice(answer).ok()?;
    if value.get("statusCode").is_none() {
        let mut response = Response::new(full(answer.clone()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        return Some(response);
    }
    let answer: Answer = serde_json::from_value(value).ok()?;
    let body = match (answer.body, answer.is_base64_encoded) {
        (None, _) => Bytes::new(),
        (Some(text), false) => text.into(),
        (Some(text), true) => {
            let body = text::from_base64(&text)?;
            lambda.saw_binary(body.len());
            body.into()
        }
    };
    let mut response = Response::new(full(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).ok()?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(&value).ok()?);
    }
    for cookie in answer.cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    }
    for ours in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(ours);
    }
    Some(response)
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(cors: &Cors, origin: Option<&HeaderValue>) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if cross_origin(cors, origin, headers) {
        let age = cors.max_age_s.to_string();
        set(
            headers,
            ACCESS_CONTROL_ALLOW_METHODS,
            &cors.methods.join(","),
        );
        set(
            headers,
            ACCESS_CONTROL_ALLOW_HEADERS,
            &cors.headers.join(","),
        );
        set(headers, ACCESS_CONTROL_MAX_AGE, &age);
    }
    response
}

/// Replaces what the function said about origins by what the template says; whether it allows this one.
fn cross_origin(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) -> bool {
    headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else {
        return false;
    };
    let allowed = cors
        .origins
        .iter()
        .find(|allowed| *allowed == "*" || *allowed == origin);
    if let Some(allowed) = allowed {
        set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        set(
            headers,
            ACCESS_CONTROL_EXPOSE_HEADERS,
            &cors.expose.join(","),
        );
    }
    allowed.is_some()
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}
