//! The control endpoint: `GET`, `POST` and `DELETE /faults`, for tests, on loopback only.

use std::net::SocketAddr;

use ::http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{Faults, Rule};
use crate::loopback::{Body, Server, StartError, answer, read};

/// Largest set of rules, in bytes.
const LIMIT: usize = 1024 * 1024;

/// Serves the rules: `GET /faults` lists them, `POST /faults` adds one or a list,
/// `DELETE /faults` or `/faults/{id}` removes all or one.
///
/// # Errors
/// When `listen` is taken.
pub async fn serve(faults: Faults, listen: SocketAddr) -> Result<Server, StartError> {
    Server::start("the fault control", listen, move |request| {
        let faults = faults.clone();
        async move { Ok(handle(&faults, request).await) }
    })
    .await
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    One(Rule),
    Many(Vec<Rule>),
}

/// Answers one request about rules.
pub(crate) async fn handle(faults: &Faults, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let id = match path.strip_prefix("/faults") {
        Some("") => None,
        Some(rest) => match rest.strip_prefix('/').map(str::parse) {
            Some(Ok(id)) => Some(id),
            _ => return problem(StatusCode::NOT_FOUND, "no such path"),
        },
        None => return problem(StatusCode::NOT_FOUND, "no such path"),
    };
    match (request.method(), id) {
        (&Method::GET, None) => json_answer(StatusCode::OK, &json!(faults.standing())),
        (&Method::POST, None) => add(faults, request.into_body()).await,
        (&Method::DELETE, None) => {
            faults.clear();
            json_answer(StatusCode::OK, &json!([]))
        }
        (&Method::DELETE, Some(id)) if faults.remove(id) => {
            json_answer(StatusCode::OK, &json!(faults.standing()))
        }
        (&Method::DELETE, Some(_)) => problem(StatusCode::NOT_FOUND, "no such rule"),
        _ => problem(StatusCode::METHOD_NOT_ALLOWED, "GET, POST or DELETE"),
    }
}

async fn add(faults: &Faults, body: Body) -> Response<Body> {
    let Some(bytes) = read(body, LIMIT).await else {
        return problem(
            StatusCode::BAD_REQUEST,
            "the body broke off or is too large",
        );
    };
    let rules = match serde_json::from_slice(&bytes) {
        Ok(Rules::One(rule)) => vec![rule],
        Ok(Rules::Many(rules)) => rules,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let ids: Vec<u64> = rules.into_iter().map(|rule| faults.add(rule)).collect();
    json_answer(StatusCode::CREATED, &json!({ "ids": ids }))
}

fn problem(status: StatusCode, message: &str) -> Response<Body> {
    json_answer(status, &json!({ "message": message }))
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    answer(status, "application/json", value.to_string())
}
