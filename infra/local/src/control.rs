//! The control endpoint, on loopback, for tests and tools: counters, faults, servers, invocations.
//!
//! `GET /counters`, `GET|POST|DELETE /faults`, `POST /reset-redis`, `POST /postgres/stop|start`,
//! `POST /redis/stop|start`, `POST /invoke/NAME`, `POST /kill/NAME`.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::ORIGIN;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::Error;
use crate::faults::{self, Faults};
use crate::lambda::{self, Lambda};
use crate::loopback::{self, Body, Server};
use crate::stack::Servers;

/// The running endpoint.
#[derive(Debug)]
pub struct Control {
    server: Server,
}

/// What it can reach.
#[derive(Clone)]
struct Reach {
    faults: Faults,
    lambda: Lambda,
    servers: Arc<Servers>,
}

impl Control {
    /// Listens on `listen`.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(
        listen: SocketAddr,
        faults: &Faults,
        lambda: &Lambda,
        servers: &Arc<Servers>,
    ) -> Result<Self, Error> {
        let reach = Reach {
            faults: faults.clone(),
            lambda: lambda.clone(),
            servers: Arc::clone(servers),
        };
        let server = Server::start("the control endpoint", listen, move |request| {
            let reach = reach.clone();
            async move { Ok(handle(&reach, request).await) }
        });
        Ok(Self {
            server: server.await?,
        })
    }

    /// Ends it.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

async fn handle(reach: &Reach, request: Request<Body>) -> Response<Body> {
    // A page in a browser must not be able to stop somebody's database.
    if request.headers().contains_key(ORIGIN) || !loopback::is_addressed_locally(&request) {
        return problem(StatusCode::FORBIDDEN, "not for browsers");
    }
    let path = request.uri().path().to_owned();
    if path == "/faults" || path.starts_with("/faults/") {
        return faults::control(&reach.faults, request).await;
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let outcome = match (request.method(), parts.as_slice()) {
        (&Method::GET, ["counters"]) => {
            let (functions, binary_bytes) = (reach.lambda.counters(), reach.lambda.binary_bytes());
            return value(&json!({ "functions": functions, "binary_bytes": binary_bytes }));
        }
        (&Method::POST, ["invoke", name]) => return invoke(&reach.lambda, name, request).await,
        (&Method::POST, ["kill", name]) => {
            reach.lambda.kill(name);
            Ok(())
        }
        (&Method::POST, ["reset-redis"]) => reach.servers.redis.flush().await,
        (&Method::POST, [server, verb]) => switch(&reach.servers, server, verb).await,
        _ => return problem(StatusCode::NOT_FOUND, "no such path"),
    };
    match outcome {
        Ok(()) => value(&json!({ "done": true })),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.chain()),
    }
}

async fn switch(servers: &Servers, server: &str, verb: &str) -> Result<(), Error> {
    match (server, verb) {
        ("postgres", "stop") => servers.postgres.stop().await,
        ("redis", "stop") => servers.redis.stop().await,
        ("postgres", "start") => servers.postgres.restart().await?,
        ("redis", "start") => servers.redis.restart().await?,
        _ => return Err(Error::Said(format!("nothing is called /{server}/{verb}"))),
    }
    Ok(())
}

async fn invoke(lambda: &Lambda, name: &str, request: Request<Body>) -> Response<Body> {
    let Some(event) = loopback::read(request.into_body(), lambda::MAX_PAYLOAD).await else {
        return problem(
            StatusCode::BAD_REQUEST,
            "the body broke off or is too large",
        );
    };
    match lambda.invoke(name, event).await {
        Ok(answer) => json_answer(StatusCode::OK, answer),
        Err(error) => problem(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}

fn value(value: &Value) -> Response<Body> {
    json_answer(StatusCode::OK, value.to_string())
}

fn problem(status: StatusCode, message: &str) -> Response<Body> {
    json_answer(status, json!({ "message": message }).to_string())
}

fn json_answer(status: StatusCode, body: impl Into<bytes::Bytes>) -> Response<Body> {
    loopback::answer(status, "application/json", body)
}
