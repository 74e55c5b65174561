//! Events as API Gateway sends them to functions.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::registry::Connection;
use super::routes::Match;
use super::{STAGE, text};
use crate::lambda::clock;
use crate::loopback::Peer;

const ACCOUNT: &str = "000000000000";
const HTTP_API: &str = "local-http";
const SOCKET_API: &str = "local-sockets";

/// What the request of a handshake tells about its sender, kept for `$connect`.
#[derive(Debug)]
pub(super) struct Handshake {
    headers: Value,
    all_headers: Value,
    query: Value,
    all_query: Value,
}

/// A version 2.0 event of the HTTP API, and whether its body had to go as base64.
pub(super) fn http(
    route: &Match<'_>,
    request_id: &str,
    head: &Parts,
    body: &Bytes,
) -> (Bytes, bool) {
    let query = head.uri.query().unwrap_or_default();
    let source = source_ip(head);
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": head.uri.path(),
        "rawQueryString": query,
        "headers": joined(head, &source),
        "requestContext": http_context(route, request_id, head, &source),
        "isBase64Encoded": false,
    });
    let cookies = cookies(&head.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        let last = pairs(query)
            .into_iter()
            .map(|(name, values)| (name, values.join(",")));
        event["queryStringParameters"] = json!(last.collect::<BTreeMap<_, _>>());
    }
    if !route.parameters.is_empty() {
        event["pathParameters"] = json!(route.parameters);
    }
    let is_binary = put_body(&mut event, &head.headers, body);
    (event.to_string().into(), is_binary)
}

/// What the gateway tells about a request besides the request itself.
fn http_context(route: &Match<'_>, request_id: &str, head: &Parts, source: &str) -> Value {
    let (time, time_ms) = text::now();
    json!({
        "accountId": ACCOUNT,
        "apiId": HTTP_API,
        "domainName": host(&head.headers),
        "domainPrefix": HTTP_API,
        "http": {
            "method": head.method.as_str(),
            "path": head.uri.path(),
            "protocol": "HTTP/1.1",
            "sourceIp": source,
            "userAgent": text_of(head.headers.get(USER_AGENT)),
        },
        "requestId": request_id,
        "routeKey": route.key,
        "stage": "$default",
        "time": time,
        "timeEpoch": time_ms,
    })
}

/// Every cookie of a request by itself.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).iter().map(|it| text_of(Some(it)));
    lines
        .flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Adds the body, and says whether it had to go as base64.
fn put_body(event: &mut Value, headers: &HeaderMap, body: &Bytes) -> bool {
    let text = text_body(headers, body);
    let is_binary = text.is_none();
    match text {
        _ if body.is_empty() => {}
        Some(body) => event["body"] = Value::from(body),
        None => {
            event["body"] = Value::from(text::base64(body));
            event["isBase64Encoded"] = Value::from(true);
        }
    }
    is_binary
}

impl Handshake {
    pub(super) fn new(head: &Parts) -> Self {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &head.headers {
            all.entry(title_case(name.as_str()))
                .or_default()
                .push(text_of(Some(value)));
        }
        let extra = [
            ("X-Forwarded-For", source_ip(head)),
            ("X-Forwarded-Proto", "ws".to_owned()),
        ];
        all.extend(extra.map(|(name, value)| (name.to_owned(), vec![value])));
        let query = pairs(head.uri.query().unwrap_or_default());
        Self {
            headers: last_of(&all),
            query: last_of(&query),
            all_headers: json!(all),
            all_query: json!(query),
        }
    }

    /// The event of a REQUEST authorizer.
    pub(super) fn authorize(&self, connection: &Connection) -> Bytes {
        let region = "ap-northeast-2";
        let arn = format!("arn:aws:execute-api:{region}:{ACCOUNT}:{SOCKET_API}/{STAGE}/$connect");
        let mut event = self.event(connection, "CONNECT");
        event["type"] = Value::from("REQUEST");
        event["methodArn"] = Value::from(arn);
        event["stageVariables"] = json!({});
        event.to_string().into()
    }

    /// The event of `$connect`.
    pub(super) fn connect(&self, connection: &Connection) -> Bytes {
        self.event(connection, "CONNECT").to_string().into()
    }

    fn event(&self, connection: &Connection, kind: &str) -> Value {
        json!({
            "headers": self.headers,
            "multiValueHeaders": self.all_headers,
            "queryStringParameters": self.query,
            "multiValueQueryStringParameters": self.all_query,
            "requestContext": context(connection, "$connect", kind),
            "isBase64Encoded": false,
        })
    }
}

/// The event of one frame, and its request id.
pub(super) fn message(
    connection: &Connection,
    route: &str,
    frame: &[u8],
    is_text: bool,
) -> (Bytes, String) {
    let mut context = context(connection, route, "MESSAGE");
    context.insert("messageId".to_owned(), Value::from(text::connection_id()));
    let request = context
        .get("requestId")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let body = match is_text {
        true => String::from_utf8_lossy(frame).into_owned(),
        false => text::base64(frame),
    };
    let event = json!({ "requestContext": context, "body": body, "isBase64Encoded": !is_text });
    (event.to_string().into(), request)
}

/// The event of `$disconnect`.
pub(super) fn disconnect(connection: &Connection, code: u16, reason: &str) -> Bytes {
    let mut context = context(connection, "$disconnect", "DISCONNECT");
    context.insert("disconnectStatusCode".to_owned(), Value::from(code));
    context.insert("disconnectReason".to_owned(), Value::from(reason));
    let headers = json!({ "Host": connection.host, "x-api-key": "", "x-restapi": "" });
    json!({ "headers": headers, "requestContext": context, "isBase64Encoded": false })
        .to_string()
        .into()
}

fn context(connection: &Connection, route: &str, kind: &str) -> Map<String, Value> {
    let (time, time_ms) = text::now();
    let request = clock::request_id();
    let mut context = Map::new();
    let fields = [
        ("routeKey", Value::from(route)),
        ("eventType", Value::from(kind)),
        ("extendedRequestId", Value::from(request.clone())),
        ("requestTime", Value::from(time)),
        ("messageDirection", Value::from("IN")),
        ("stage", Value::from(STAGE)),
        ("connectedAt", Value::from(connection.connected_ms)),
        ("requestTimeEpoch", Value::from(time_ms)),
        ("requestId", Value::from(request)),
        ("domainName", Value::from(connection.host.as_str())),
        ("connectionId", Value::from(connection.id.as_str())),
        ("apiId", Value::from(SOCKET_API)),
        (
            "identity",
            json!({ "sourceIp": connection.source_ip, "userAgent": connection.user_agent }),
        ),
    ];
    context.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if let Some(authorizer) = connection.authorizer.get() {
        context.insert("authorizer".to_owned(), authorizer.clone());
    }
    context
}

/// The body as text, where API Gateway would pass it as text.
fn text_body<'a>(headers: &HeaderMap, body: &'a Bytes) -> Option<&'a str> {
    let kind = text_of(headers.get(CONTENT_TYPE));
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = kind.is_empty()
        || kind.starts_with("text/")
        || [
            "application/json",
            "application/javascript",
            "application/xml",
        ]
        .contains(&kind);
    match is_text && !headers.contains_key(CONTENT_ENCODING) {
        true => std::str::from_utf8(body).ok(),
        false => None,
    }
}

/// Headers of a version 2.0 event: lower case, several values joined, cookies apart.
fn joined(head: &Parts, source: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in head.headers.iter().filter(|(name, _)| **name != COOKIE) {
        let value = text_of(Some(value));
        all.entry(name.as_str().to_owned())
            .and_modify(|so_far| *so_far = format!("{so_far},{value}"))
            .or_insert(value);
    }
    let forwarded = all.entry("x-forwarded-for".to_owned()).or_default();
    let separator = if forwarded.is_empty() { "" } else { ", " };
    *forwarded = format!("{forwarded}{separator}{source}");
    all.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    all
}

fn pairs(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        pairs
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    pairs
}

fn last_of(all: &BTreeMap<String, Vec<String>>) -> Value {
    json!(
        all.iter()
            .map(|(name, values)| (name, values.last()))
            .collect::<BTreeMap<_, _>>()
    )
}

/// Header names as clients mostly write them; hyper has only the lower-case ones.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

pub(super) fn source_ip(head: &Parts) -> String {
    let peer = head.extensions.get::<Peer>();
    peer.map_or_else(|| "127.0.0.1".to_owned(), |peer| peer.0.ip().to_string())
}

pub(super) fn host(headers: &HeaderMap) -> String {
    let host = text_of(headers.get(HOST));
    host.split(':').next().unwrap_or_default().to_owned()
}

pub(super) fn text_of(value: Option<&HeaderValue>) -> String {
    value
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}
