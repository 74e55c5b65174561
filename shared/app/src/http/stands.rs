//! The innermost question, which tells a person who is not active any more from one who asked for what is not there.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::render::Pending;
use crate::{Caller, standing};

/// Lets the call run; a "not found" becomes "not signed in" for somebody whose token no longer stands.
pub(super) async fn stands(shared: &Shared, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().cloned();
    let mut response = next.run(request).await;
    let Some(caller) = caller else {
        return response;
    };
    match response.extensions_mut().remove::<Pending>() {
        // Nobody else holds it: it was made for this answer.
        Some(Pending(problem)) => match Arc::try_unwrap(problem) {
            // On the heap: every call would carry it along.
            Ok(problem) => Box::pin(standing::or_not_found(&shared.store, &caller, problem))
                .await
                .into_response(),
            Err(shared) => {
                response.extensions_mut().insert(Pending(shared));
                response
            }
        },
        None => response,
    }
}
