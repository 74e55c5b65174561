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
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::bare::Bare;
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

/// So many calls, then as many of the bare clients, and so on: both see the same machine.
const BLOCK: usize = 200;

/// Someone in two rooms of their own.
struct Sender {
    person: Person,
    path: String,
    /// For the bare clients: what they write is not announced, and the other room would wait for it.
    bare: Uuid,
}

/// Sends, measures, counts.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let sender = Sender::new(stack).await?;
    let mut table = Table::new("send");
    timed(&mut table, stack, &sender, options.calls).await?;
    counted(&mut table, stack, &sender).await?;
    Ok(table)
}

/// How long a call takes, and how much of the processor is ours.
async fn timed(
    table: &mut Table,
    stack: &Stack,
    sender: &Sender,
    calls: usize,
) -> Result<(), app::Error> {
    let router = sender.router(stack, &stack.postgres)?;
    call(&router, sender.requests("warm", WARM)?).await?;
    let mut bare = Bare::connect(stack, &sender.person, sender.bare).await?;
    bare.call(WARM).await?;
    let mut times = Times::default();
    let (mut whole, mut clients, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..calls.div_ceil(BLOCK) {
        let requests = sender.requests(&format!("timed-{block}"), BLOCK)?;
        let before = cpu::used()?;
        times.append(call(&router, requests).await?);
        let between = cpu::used()?;
        bare.call(BLOCK).await?;
        let after = cpu::used()?;
        let each = |from: Duration, to: Duration| {
            to.saturating_sub(from).as_secs_f64() * 1e6 / BLOCK as f64
        };
        whole.push(each(before, between));
        clients.push(each(between, after));
        own.push(each(before, between) - each(between, after));
    }
    table.row("send, p50", times.percentile_ms(50), "ms", Some(2.0));
    table.row("send, p99", times.percentile_ms(99), "ms", Some(10.0));
    for (figure, values, most) in [
        (
            "processor time a call, with the stores' clients",
            whole,
            None,
        ),
        ("of which the stores' bare clients take", clients, None),
        ("own processor time a call", own, Some(100.0)),
    ] {
        table.row(figure, median(values), "us", most);
    }
    Ok(())
}

/// What travels between the function and Postgres.
async fn counted(table: &mut Table, stack: &Stack, sender: &Sender) -> Result<(), app::Error> {
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
    Ok(())
}

impl Sender {
    async fn new(stack: &Stack) -> Result<Self, app::Error> {
        let person = Person::register(stack).await;
        let (room, bare) = (
            room(&person, "figures").await?,
            room(&person, "bare").await?,
        );
        Ok(Self {
            path: format!("/v1/chatrooms/{room}/messages"),
            person,
            bare,
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
        let router = fn_messages::routes::<Router<_>>().with_state(Deps { store, live });
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

async fn room(person: &Person, name: &str) -> Result<Uuid, app::Error> {
    let room = person.post("/v1/chatrooms", json!({ "name": name })).await;
    let room = room.ok();
    Ok(room["id"].as_str().ok_or("a room has an id")?.parse()?)
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
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
