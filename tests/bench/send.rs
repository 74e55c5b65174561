//! Sending a message: one client, the function's router with all its layers, in this process.

use std::time::{Duration, Instant};

use app::config::{Config, Limits};
use app::http::{Shared, layered};
use app::token::Verifier;
use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fn_messages::Deps;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::{Password, Store};
use support::{Person, Stack, WireCounter};
use tokio_postgres::types::{ToSql, Type};
use tower::ServiceExt as _;

use crate::report::{Table, Times};
use crate::{cpu, live};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Messages to send.
    #[arg(long, default_value_t = 5_000)]
    calls: usize,
}

/// Calls before anything is measured.
const WARM: usize = 500;
/// Round trips are counted over so many calls.
const COUNTED: usize = 100;

/// Round trips to Redis of a call: the limit, into the room's queue, out of it.
const REDIS: usize = 3;
/// Bytes of each round trip, about.
const BYTES: usize = 600;

/// Someone in a room of their own.
struct Sender {
    person: Person,
    path: String,
}

/// Sends, measures, counts.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::get().await;
    let sender = Sender::new(stack).await?;
    let mut table = Table::new("send");

    let router = sender.router(stack, &stack.postgres)?;
    call(&router, sender.requests("warm", WARM)?).await?;
    let requests = sender.requests("timed", options.calls)?;
    let before = cpu::used()?;
    let mut times = call(&router, requests).await?;
    let own = cpu::used()?.saturating_sub(before);
    table.row("send, p50", times.percentile_ms(50), "ms", Some(2.0));
    table.row("send, p99", times.percentile_ms(99), "ms", Some(10.0));
    let calls = f64::from(u32::try_from(options.calls)?);
    let own_us = own.as_secs_f64() * 1e6 / calls;
    let figure = "processor time a call, with the stores' clients";
    table.row(figure, own_us, "us", None);
    let bare_us = bare(stack, options.calls).await?.as_secs_f64() * 1e6 / calls;
    let figure = "of which the stores' bare clients take";
    table.row(figure, bare_us, "us", None);
    table.row(
        "own processor time a call",
        own_us - bare_us,
        "us",
        Some(100.0),
    );

    let (counter, through) = WireCounter::before(&stack.postgres).await;
    let counted = sender.router(stack, &through)?;
    // The first call also opens the connection and reads the signing keys.
    call(&counted, sender.requests("first", 1)?).await?;
    counter.reset();
    call(&counted, sender.requests("counted", COUNTED)?).await?;
    let seen = counter.seen();
    let each = |count: usize| count as f64 / COUNTED as f64;
    table.row(
        "round trips to Postgres a call",
        each(seen.round_trips),
        "",
        Some(1.0),
    );
    table.row("statements a call", each(seen.statements.len()), "", None);
    table.row(
        "statements prepared by name",
        each(seen.named),
        "",
        Some(0.0),
    );
    Ok(table)
}

impl Sender {
    async fn new(stack: &Stack) -> Result<Self, app::Error> {
        let person = Person::register(stack).await;
        let room = person.post("/v1/chatrooms", json!({"name": "figures"}));
        let room = room.await.ok();
        let id = room["id"].as_str().ok_or("a room has an id")?;
        Ok(Self {
            path: format!("/v1/chatrooms/{id}/messages"),
            person,
        })
    }

    /// The function as it is served, but with limits that a benchmark does not reach.
    fn router(&self, stack: &Stack, postgres: &str) -> Result<Router, app::Error> {
        let store = Store::new(postgres, Password::InAddress)?;
        let live = live(stack);
        let shared = Shared {
            verifier: Verifier::new(store.clone(), &self.issuer()?),
            store: store.clone(),
            live: Some(live.clone()),
            config: Config {
                limits: Limits {
                    messages_per_s: u32::MAX,
                    writes_per_min: u32::MAX,
                    ..Limits::default()
                },
                ..Config::default()
            },
        };
        let (router, _) = fn_messages::routes()
            .with_state(Deps { store, live })
            .split_for_parts();
        Ok(layered(router, shared))
    }

    /// Who made the sender's token.
    fn issuer(&self) -> Result<String, app::Error> {
        let claims = self.person.access_token.split('.').nth(1);
        let claims = URL_SAFE_NO_PAD.decode(claims.ok_or("a token has three parts")?)?;
        let claims: Value = serde_json::from_slice(&claims)?;
        Ok(claims["iss"]
            .as_str()
            .ok_or("a token has an issuer")?
            .to_owned())
    }

    fn requests(&self, name: &str, count: usize) -> Result<Vec<Request<Body>>, http::Error> {
        let request = |n| {
            let body = json!({
                "content": format!("회의 시작할까요? {n}"),
                "client_id": format!("{name}-{n}"),
            });
            Request::post(&self.path)
                .header(
                    "authorization",
                    format!("Bearer {}", self.person.access_token),
                )
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
        };
        (0..count).map(request).collect()
    }
}

/// The processor time of as many round trips as `calls` calls make, by the stores' clients alone.
async fn bare(stack: &Stack, calls: usize) -> Result<Duration, app::Error> {
    let (sql, connection) = tokio_postgres::connect(&stack.postgres, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let redis = redis::cluster::ClusterClient::new([stack.redis.as_str()])?;
    let mut redis = redis.get_async_connection().await?;
    let text = "a".repeat(BYTES);
    let mut before = cpu::used()?;
    for call in 0..WARM + calls {
        if call == WARM {
            before = cpu::used()?;
        }
        let params: [(&(dyn ToSql + Sync), Type); 1] = [(&text, Type::TEXT)];
        std::hint::black_box(sql.query_typed("select $1", &params).await?);
        for _ in 0..REDIS {
            let mut set = redis::cmd("SET");
            let () = set
                .arg("figures")
                .arg(&text)
                .query_async(&mut redis)
                .await?;
        }
    }
    Ok(cpu::used()?.saturating_sub(before))
}

/// Sends one after the other.
async fn call(router: &Router, requests: Vec<Request<Body>>) -> Result<Times, app::Error> {
    let mut times = Times::default();
    for request in requests {
        let start = Instant::now();
        let answer = router.clone().oneshot(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        times.push(start.elapsed());
        if status != StatusCode::CREATED {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(times)
}
