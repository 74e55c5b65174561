//! The ws-authorize function: lets a socket in by ticket or Bearer token, from an allowed origin.
//!
//! What it says of the person rides on every later event of the connection, so that no frame needs
//! a look-up to know who speaks.

use app::socket::Ticket;
use app::token::Verifier;
use app::{Error, Live, Problem, clock, env};
use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest as Request;
use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use wire::problem::Code;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
struct Deps {
    live: Live,
    verifier: Verifier,
    origins: Vec<String>,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), Error> {
    let deps = Deps {
        live: Live::new(env::connections()?),
        verifier: Verifier::new(env::store()?, &env::required("MARU_ISSUER")?),
        origins: env::required("MARU_ORIGINS")?
            .split(',')
            .map(|origin| origin.trim().to_owned())
            .collect(),
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Request>| {
        authorize(&deps, event.payload)
    }))
    .await
}

async fn authorize(deps: &Deps, request: Request) -> Result<Value, Error> {
    let arn = request.method_arn.clone().unwrap_or_default();
    match admit(deps, &request).await {
        Ok(person) => Ok(policy(&arn, "Allow", Some(&person))),
        Err(problem) if problem.code.status() < 500 => {
            tracing::info!(code = problem.code.as_str(), "a socket was turned away");
            Ok(policy(&arn, "Deny", None))
        }
        Err(problem) => {
            tracing::error!(error = ?problem.source, "a socket could not be checked");
            Err("the check failed".into())
        }
    }
}

/// Who asks, if they may.
async fn admit(deps: &Deps, request: &Request) -> Result<Ticket, Problem> {
    if !allowed(&deps.origins, &request.headers) {
        return Err(Code::Forbidden.into());
    }
    let now = clock::now();
    if let Some(secret) = request.query_string_parameters.first("ticket") {
        let ticket = deps.live.take_ticket(secret, now).await?;
        return ticket.ok_or_else(|| Code::TokenInvalid.into());
    }
    let token = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Code::Unauthenticated)?;
    let claims = deps.verifier.verify(token, now).await?;
    Ok(Ticket {
        company: claims.cid,
        user: claims.sub,
        session: claims.sid,
    })
}

/// Browsers name the page's origin: it must be on the list. What is no browser names none.
fn allowed(origins: &[String], headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_none_or(|origin| {
        origins
            .iter()
            .any(|allowed| allowed == "*" || origin == allowed.as_str())
    })
}

fn policy(arn: &str, effect: &str, person: Option<&Ticket>) -> Value {
    let mut answer = json!({
        "principalId": person.map_or_else(|| "nobody".to_owned(), |person| person.user.to_string()),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": arn }],
        },
    });
    if let Some(person) = person {
        answer["context"] = json!({
            "user": person.user,
            "company": person.company,
            "session": person.session,
        });
    }
    answer
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn origins_are_compared_whole() {
        let origins = ["https://maru.example".to_owned()];
        let from = |origin: &'static str| {
            HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))])
        };
        assert!(allowed(&origins, &from("https://maru.example")));
        assert!(!allowed(&origins, &from("https://maru.example.evil")));
        assert!(!allowed(&origins, &from("http://maru.example")));
        assert!(!allowed(&origins, &from("null")));
        assert!(allowed(&origins, &HeaderMap::new()));
    }
}
