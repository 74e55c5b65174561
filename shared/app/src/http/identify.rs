//! The outermost layer: who calls, under which id, in which language; and what comes back as a problem.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;
use wire::problem::{Code, Language};

use super::Shared;
use super::limit::limit;
use super::render::{Pending, document};
use crate::token::Verifier;
use crate::{Caller, Client, Problem, clock, telemetry};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Identifies the call, lets it run, renders a problem, and writes the call's one line.
pub(super) async fn identify(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let client = Arc::new(client(&request));
    let language = language(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let caller = caller(&shared.verifier, request.headers(), &client).await;
    let known = caller.as_ref().ok().and_then(Option::as_ref);
    let about = telemetry::About::of(&client, trace_id(request.headers()), known);
    telemetry::within(about, async {
        let response = match caller {
            Ok(caller) => {
                request.extensions_mut().insert(Arc::clone(&client));
                request.extensions_mut().insert(language);
                if let Some(caller) = caller {
                    request.extensions_mut().insert(caller);
                }
                limit(&shared, request, next).await
            }
            Err(problem) => problem.into_response(),
        };
        let (response, code) = finish(response, &client.request_id, language);
        let call = telemetry::Call {
            route: route.as_ref().map_or("", MatchedPath::as_str),
            method: method.as_str(),
            status: response.status().as_u16(),
            code,
        };
        telemetry::call(&call, began.elapsed(), client.at);
        response
    })
    .await
}

/// Renders a pending problem, keeping the headers that inner layers added to it.
fn finish(
    mut response: Response,
    request_id: &str,
    language: Language,
) -> (Response, Option<&'static str>) {
    let mut code = None;
    if let Some(Pending(problem)) = response.extensions_mut().remove::<Pending>() {
        if let Some(source) = &problem.source {
            tracing::error!(code = problem.code.as_str(), error = ?source, "a call failed");
        }
        code = Some(problem.code.as_str());
        let mut document = document(&problem, request_id, language);
        let inner = std::mem::take(response.headers_mut());
        for (name, value) in inner
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("ratelimit-"))
        {
            document.headers_mut().insert(name, value.clone());
        }
        response = document;
    }
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    (response, code)
}

/// Who the token says it is; nobody without a token.
async fn caller(
    verifier: &Verifier,
    headers: &HeaderMap,
    client: &Arc<Client>,
) -> Result<Option<Caller>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Code::TokenInvalid)?;
    let claims = verifier.verify(token, client.at).await?;
    Ok(Some(Caller {
        user: claims.sub,
        company: claims.cid,
        session: claims.sid,
        client: Arc::clone(client),
    }))
}

fn client(request: &Request) -> Client {
    let headers = request.headers();
    let text = |name: HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    let given = text(REQUEST_ID);
    let usable = (8..=64).contains(&given.len())
        && given
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // The gateway's own word for the address; the header is for what else runs a router.
    let address = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    };
    Client {
        at: clock::now(),
        address: address.unwrap_or_else(|| {
            text(FORWARDED_FOR)
                .split(',')
                .next_back()
                .unwrap_or("")
                .trim()
                .to_owned()
        }),
        user_agent: text(header::USER_AGENT).chars().take(200).collect(),
        request_id: if usable {
            given.to_owned()
        } else {
            clock::id().to_string()
        },
    }
}

/// X-Ray's trace header, as API Gateway or Lambda passes it on.
fn trace_id(headers: &HeaderMap) -> String {
    let header = headers
        .get(TRACE_ID)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="))
        .unwrap_or("")
        .chars()
        .take(64)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_root_is_found() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-amzn-trace-id",
            HeaderValue::from_static("Self=2;Root=1-5-9;Sampled=1"),
        );
        assert_eq!(trace_id(&headers), "1-5-9");
    }

    #[test]
    fn korean_is_spoken_when_asked_for_first() {
        let mut headers = HeaderMap::new();
        assert_eq!(language(&headers), Language::English);
        headers.insert(
            header::ACCEPT_LANGUAGE,
            HeaderValue::from_static("ko-KR,en;q=0.5"),
        );
        assert_eq!(language(&headers), Language::Korean);
    }
}
