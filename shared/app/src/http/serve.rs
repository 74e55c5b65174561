//! Puts the layers around a function's router and serves invocations.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use wire::problem::{Code, Language};

use super::render::{Pending, document};
use crate::token::Verifier;
use crate::{Caller, Client, Problem, clock};

/// What the layers themselves need.
#[derive(Clone)]
pub struct Shared {
    /// Checks access tokens.
    pub verifier: Verifier,
}

/// Serves `router` behind the shared layers until the instance is taken away.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn serve(router: Router, shared: Shared) -> Result<(), crate::Error> {
    lambda_http::run(layered(router, shared)).await
}

/// `router` with every layer around it, as it is served.
pub fn layered(router: Router, shared: Shared) -> Router {
    router
        .fallback(|| async { Problem::new(Code::RouteNotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .layer(from_fn_with_state(shared, identify))
}

/// Finds out who calls, and renders what comes back as a problem.
async fn identify(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let client = client(request.headers());
    let language = language(request.headers());
    let request_id = client.request_id.clone();
    let response = match caller(&shared.verifier, request.headers(), &client).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            request.extensions_mut().insert(client);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    finish(response, &request_id, language)
}

fn finish(response: Response, request_id: &str, language: Language) -> Response {
    let mut response = match response.extensions().get::<Pending>() {
        Some(Pending(problem)) => {
            if let Some(source) = &problem.source {
                tracing::error!(request_id, code = problem.code.as_str(), error = ?source, "a call failed");
            }
            document(problem, request_id, language)
        }
        None => response,
    };
    if let Ok(value) = request_id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// Who the token says it is; nobody without a token.
async fn caller(
    verifier: &Verifier,
    headers: &HeaderMap,
    client: &Client,
) -> Result<Option<Caller>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(Code::TokenInvalid)?;
    let claims = verifier.verify(token, client.at).await?;
    Ok(Some(Caller {
        user: claims.sub,
        company: claims.cid,
        session: claims.sid,
        client: client.clone(),
    }))
}

fn client(headers: &HeaderMap) -> Client {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    let given = text("x-request-id");
    let usable = (8..=64).contains(&given.len())
        && given
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Client {
        at: clock::now(),
        address: text("x-forwarded-for")
            .split(',')
            .next_back()
            .unwrap_or("")
            .trim()
            .to_owned(),
        user_agent: text("user-agent").chars().take(200).collect(),
        request_id: if usable {
            given.to_owned()
        } else {
            clock::id().to_string()
        },
    }
}

fn language(headers: &HeaderMap) -> Language {
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    match wanted {
        Some(wanted) if wanted.trim_start().to_ascii_lowercase().starts_with("ko") => {
            Language::Korean
        }
        _ => Language::English,
    }
}
