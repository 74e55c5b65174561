//! Versions of single resources: `ETag` out, `If-Match` in.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use wire::problem::Code;

use crate::Problem;

/// An answer with the version it shows: `Tagged(version, Json(view))`.
#[derive(Debug, Clone, Copy)]
pub struct Tagged<T>(pub i64, pub T);

/// The version that a change wants to find; `None` when the caller takes any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl IfMatch {
    /// Whether a resource at `version` is what the caller expects.
    #[must_use]
    pub fn allows(self, version: i64) -> bool {
        self.0.is_none_or(|wanted| wanted == version)
    }
}

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", self.0)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        parse(value.to_str().unwrap_or("")).ok_or_else(|| Code::VersionMismatch.into())
    }
}

/// `*` takes any version; a tag that is not one of ours matches none.
fn parse(value: &str) -> Option<IfMatch> {
    let value = value.trim();
    if value == "*" {
        return Some(IfMatch(None));
    }
    let version = value.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    Some(IfMatch(Some(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_tags_come_back_and_foreign_ones_match_nothing() {
        assert_eq!(parse("\"7\""), Some(IfMatch(Some(7))));
        assert_eq!(parse("*"), Some(IfMatch(None)));
        assert_eq!(parse("W/\"7\""), None);
        assert_eq!(parse("7"), None);
        assert!(IfMatch(Some(7)).allows(7) && !IfMatch(Some(7)).allows(8));
    }
}
