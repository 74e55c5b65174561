//! How a problem becomes an answer.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use wire::problem::Language;

use crate::Problem;

/// A problem on its way out: the outermost layer renders it, knowing request id and language.
#[derive(Clone)]
pub(super) struct Pending(pub(super) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status());
        let mut response = status
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        response.extensions_mut().insert(Pending(Arc::new(self)));
        response
    }
}

/// The problem document of `problem` as a response.
pub(super) fn document(problem: &Problem, request_id: &str, language: Language) -> Response {
    let body = axum::Json(problem.body(request_id, language));
    let status = StatusCode::from_u16(problem.code.status());
    let mut response = (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
