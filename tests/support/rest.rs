//! A REST client for tests: one line a call, nothing hidden.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::Stack;

/// A client with an address of its own, so that limits per address do not join tests together.
#[derive(Debug, Clone)]
pub struct Rest {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// A call that is sent when it is awaited.
#[derive(Debug)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call {
    request: reqwest::RequestBuilder,
    name: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; a string when it is not JSON, null when it is empty.
    pub body: Value,
    /// The call it answers: method and path.
    pub call: String,
}

impl Rest {
    /// Someone who is not signed in, calling from an address that nobody else has.
    #[must_use]
    pub fn anonymous(stack: &Stack) -> Self {
        Self::from(&stack.rest, own_address())
    }

    /// Someone who is not signed in, calling `base` from `address`.
    #[must_use]
    pub fn from(base: &str, address: Option<IpAddr>) -> Self {
        let client = reqwest::Client::builder()
            .local_address(address)
            .no_proxy()
            .build()
            .expect("a client without special wishes can be built");
        Self {
            client,
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same client, signed in with an access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// `POST path` with a JSON body.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "bodies are written in place with json!"
    )]
    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(&body)
    }

    /// `PATCH path` with a JSON body.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "bodies are written in place with json!"
    )]
    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call(Method::PATCH, path).json(&body)
    }

    /// `PUT path` with a JSON body.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "bodies are written in place with json!"
    )]
    pub fn put(&self, path: &str, body: Value) -> Call {
        self.call(Method::PUT, path).json(&body)
    }

    /// `DELETE path`.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Any method, without a body.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let name = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call { request, name }
    }
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sets a body as it is.
    pub fn raw(mut self, content_type: &str, body: impl Into<bytes::Bytes>) -> Self {
        self.request = self
            .request
            .header("content-type", content_type)
            .body(body.into());
        self
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let name = self.name;
            let response = match self.request.send().await {
                Ok(response) => response,
                Err(error) => panic!("{name} was not answered: {error:?}"),
            };
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response
                .text()
                .await
                .unwrap_or_else(|error| panic!("{name}: the answer broke off: {error:?}"));
            let body = match text.as_str() {
                "" => Value::Null,
                text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            };
            Answer {
                status,
                headers,
                body,
                call: name,
            }
        })
    }
}

impl Answer {
    /// The body of an answer that must be a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:#?}");
        self.body
    }

    /// The code of an answer that must be a problem document with matching status and content type.
    #[must_use]
    #[track_caller]
    pub fn code(&self) -> &str {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:#?}"
        );
        assert_eq!(self.body["status"], self.status.as_u16(), "{self:#?}");
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Status and code of a refusal, to compare in one line.
    #[must_use]
    #[track_caller]
    pub fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// The names of the fields that were refused, each with its code.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array();
        errors
            .into_iter()
            .flatten()
            .map(|error| (text(&error["field"]), text(&error["code"])))
            .collect()
    }

    /// A header as text; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }
}

/// An address of the loopback network that nobody else calls from, where the system has more than one.
fn own_address() -> Option<IpAddr> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let [.., a, b, c] = fresh_id().into_bytes();
    Some(Ipv4Addr::new(127, a.max(1), b, c.clamp(1, 254)).into())
}

/// An id that nobody has.
#[must_use]
pub fn fresh_id() -> Uuid {
    Uuid::now_v7()
}
