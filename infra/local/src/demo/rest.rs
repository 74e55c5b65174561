//! A REST client as a front-end developer would write one: a token, JSON, and a count of its calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::Error;

/// Somebody's device, signed in.
#[derive(Clone)]
pub(super) struct Rest {
    base: String,
    token: String,
    http: Client,
    calls: Arc<AtomicU64>,
}

impl Rest {
    /// A new company and its owner.
    pub(super) async fn register(
        base: &str,
        email: &str,
        password: &str,
        name: &str,
        company: &str,
    ) -> Result<Self, Error> {
        let body = json!({
            "email": email, "password": password, "full_name": name, "company_name": company,
        });
        Self::enter(base, "/v1/auth/register", &body).await
    }

    /// One more device of somebody.
    pub(super) async fn sign_in(base: &str, email: &str, password: &str) -> Result<Self, Error> {
        Self::enter(
            base,
            "/v1/auth/login",
            &json!({"email": email, "password": password}),
        )
        .await
    }

    /// The device whose token is already known.
    pub(super) fn with_token(base: &str, token: &str) -> Self {
        let calls = Arc::new(AtomicU64::new(0));
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            http: Client::new(),
            calls,
        }
    }

    async fn enter(base: &str, path: &str, body: &Value) -> Result<Self, Error> {
        let mut rest = Self::with_token(base, "");
        let answer = rest.post(path, body).await?;
        rest.token = text(&answer, "/access_token")?;
        Ok(rest)
    }

    /// The access token, for a device in another process.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// How many calls it made.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Reads.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, None).await
    }

    /// Creates or does.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// The status alone, for calls that are meant to be refused.
    pub(super) async fn status(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<StatusCode, Error> {
        Ok(self.send(method, path, body).await?.status())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let asked = format!("{method} {path}");
        let answer = self.send(method, path, body).await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            return Err(Error::Refused(asked, status.as_u16(), said));
        }
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| Error::Unexpected(format!("{asked}: not JSON")))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(request.send().await?)
    }
}

/// The text at `pointer` of an answer.
pub(super) fn text(answer: &Value, pointer: &str) -> Result<String, Error> {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Error::Unexpected(format!("no {pointer} in an answer")))
}

/// The number at `pointer` of an answer.
pub(super) fn number(answer: &Value, pointer: &str) -> Result<u64, Error> {
    answer
        .pointer(pointer)
        .and_then(Value::as_u64)
        .ok_or_else(|| Error::Unexpected(format!("no {pointer} in an answer")))
}
