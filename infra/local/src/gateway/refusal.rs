//! What the gateway itself answers when no function does.
//!
//! AWS says `{"message": …}` here and cannot be taught otherwise; at home the same cases carry a
//! problem document, so that a client finds no answer outside the contract.

use app::Problem;
use http::header::{ACCEPT_LANGUAGE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use wire::problem::{Code, Language};

use crate::lambda::Error;
use crate::loopback::{Body, answer};

/// The problem document for this code.
pub(super) fn problem(code: Code, request_id: &str, asked: &HeaderMap) -> Response<Body> {
    let problem = Problem::new(code).body(request_id, language(asked));
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = answer(status, "application/problem+json", body);
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// What a client hears of an invocation without an answer.
pub(super) fn code_of(error: &Error) -> Code {
    match error {
        Error::TooLarge(_) => Code::BodyTooLarge,
        Error::TimedOut | Error::Throttled => Code::Unavailable,
        Error::Unknown(_) | Error::Exited | Error::Failed(_) => Code::Internal,
    }
}

fn language(asked: &HeaderMap) -> Language {
    let asked = asked
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    match asked {
        Some(asked) if asked.trim_start().starts_with("ko") => Language::Korean,
        _ => Language::English,
    }
}
