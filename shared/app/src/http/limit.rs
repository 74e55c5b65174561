//! Counts calls: per person with a token, per address without.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use live::limits::{Rule, Verdict};
use wire::problem::Code;

use super::Shared;
use super::idempotency::once;
use crate::config::Limits;
use crate::{Caller, Client, Problem};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Counts the call, refuses it with 429, or lets it through and says what is left.
///
/// When Redis is away the call goes on: these limits protect, they do not decide who may do what.
pub(super) async fn limit(shared: &Shared, request: Request, next: Next) -> Response {
    let Some(live) = &shared.live else {
        return once(shared, request, next).await;
    };
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let caller = request.extensions().get::<Caller>();
    let (subject, rules) = match (caller, request.extensions().get::<Arc<Client>>()) {
        (Some(caller), _) => (
            caller.user.to_string(),
            of_person(&shared.config.limits, request.method(), route),
        ),
        (None, Some(client)) => {
            let rule = Rule::new("anonymous", shared.config.limits.anonymous_per_min, MINUTE);
            (client.address.clone(), vec![rule])
        }
        (None, None) => return once(shared, request, next).await,
    };
    match live.limit(&subject, &rules).await {
        Ok(verdict) if verdict.allowed => {
            let mut response = once(shared, request, next).await;
            tell(response.headers_mut(), &verdict);
            response
        }
        Ok(verdict) => {
            let wait = seconds(verdict.reset);
            let problem = Problem::new(Code::RateLimited).retry_after(wait);
            let mut response = problem.into_response();
            tell(response.headers_mut(), &verdict);
            response
        }
        Err(error) => {
            tracing::warn!(error = %error, "limits are off: Redis does not answer");
            once(shared, request, next).await
        }
    }
}

fn of_person(limits: &Limits, method: &Method, route: &str) -> Vec<Rule> {
    if method == Method::GET || method == Method::HEAD {
        return match route {
            "/v1/search" => vec![Rule::new("searches", limits.searches_per_min, MINUTE)],
            _ => vec![Rule::new("reads", limits.reads_per_min, MINUTE)],
        };
    }
    if route.ends_with("/messages") {
        return vec![
            Rule::new("messages", limits.messages_per_s, SECOND),
            Rule::new("writes", limits.writes_per_min, MINUTE),
        ];
    }
    if route.contains("/parts/") {
        return vec![Rule::new("signings", limits.signings_per_min, MINUTE)];
    }
    vec![Rule::new("writes", limits.writes_per_min, MINUTE)]
}

fn tell(headers: &mut HeaderMap, verdict: &Verdict) {
    headers.insert(LIMIT, HeaderValue::from(verdict.limit));
    headers.insert(REMAINING, HeaderValue::from(verdict.remaining));
    headers.insert(RESET, HeaderValue::from(seconds(verdict.reset)));
}

/// Whole seconds, rounded up: who waits that long is let in.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1_000)
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_call_has_its_own_count() {
        let limits = Limits::default();
        let names = |method: Method, route: &str| -> Vec<_> {
            of_person(&limits, &method, route)
                .into_iter()
                .map(|rule| rule.name)
                .collect()
        };
        assert_eq!(names(Method::GET, "/v1/chatrooms"), ["reads"]);
        assert_eq!(names(Method::GET, "/v1/search"), ["searches"]);
        assert_eq!(
            names(Method::POST, "/v1/chatrooms/{room}/messages"),
            ["messages", "writes"]
        );
        assert_eq!(
            names(Method::POST, "/v1/uploads/{upload}/parts/sign"),
            ["signings"]
        );
        assert_eq!(names(Method::PATCH, "/v1/chatrooms/{room}"), ["writes"]);
    }

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(1_000)), 1);
    }
}
