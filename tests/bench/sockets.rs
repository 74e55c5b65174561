//! A room full of sockets: every one hears every message, and how soon.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use support::{Person, Socket, Stack};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;

use crate::memory;
use crate::report::{Table, Times};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Sockets in the room.
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    /// Messages a second.
    #[arg(long, default_value_t = 5)]
    rate: u32,
    /// Seconds of talk.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Sockets of one person.
const DEVICES: usize = 20;
/// Sockets opened at once.
const OPENING: usize = 16;
/// How long the last message may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one socket heard: seqs, and how long after they were accepted.
struct Heard {
    seqs: Vec<i64>,
    late: Vec<Duration>,
}

/// Fills a room with sockets, talks, and listens.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let owner = Person::register(stack).await;
    let mut people = Vec::new();
    for _ in 0..options.sockets.div_ceil(DEVICES) {
        people.push(stack.person_in(&owner).await);
    }
    let room = room(&owner, &people).await?;
    let started = Instant::now();
    let sockets = open(stack, &people, options.sockets).await;
    let opened = started.elapsed();

    let count = options.rate * options.seconds;
    // The first event is the room itself.
    let expected: Vec<i64> = (2..).take(usize::try_from(count)?).collect();
    let listening = sockets.into_iter().map(|socket| {
        let (room, most) = (room.clone(), expected.len());
        tokio::spawn(listen(socket, room, most))
    });
    let listening: Vec<_> = listening.collect();
    let sent = talk(&people, &room, options).await;
    let mut whole = 0;
    let mut times = Times::default();
    for heard in join_all(listening).await {
        let mut heard = heard?;
        heard.seqs.sort_unstable();
        whole += usize::from(heard.seqs == expected);
        heard.late.into_iter().for_each(|late| times.push(late));
    }
    let mut table = Table::new("sockets");
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    table.row("sockets", number(options.sockets), "", None);
    table.row("opened and greeted in", opened.as_secs_f64(), "s", None);
    table.row("messages sent", number(sent), "", None);
    let missing = number(options.sockets - whole);
    table.row("sockets that miss any of them", missing, "", Some(0.0));
    table.row(
        "accepted to received, p50",
        times.percentile_ms(50),
        "ms",
        None,
    );
    let slowest = times.percentile_ms(99);
    table.row("accepted to received, p99", slowest, "ms", Some(200.0));
    memory::rows(&mut table, stack).await?;
    Ok(table)
}

async fn room(owner: &Person, people: &[Person]) -> Result<String, app::Error> {
    let members: Vec<Value> = people
        .iter()
        .map(|person| json!({ "user_id": person.id }))
        .collect();
    let body = json!({ "name": "figures", "type": "private", "members": members });
    let room = owner.post("/v1/chatrooms", body).await.ok();
    let id = room["id"].as_str().ok_or("a room has an id")?;
    Ok(id.to_owned())
}

async fn open(stack: &Stack, people: &[Person], count: usize) -> Vec<Socket> {
    stream::iter(0..count)
        .map(|n| async move {
            let person = &people[n % people.len()];
            let address = stack.socket.parse().expect("an address");
            let request = ClientRequestBuilder::new(address)
                .with_header("authorization", format!("Bearer {}", person.access_token));
            let mut socket = Socket::with(request).await.expect("a socket");
            let hello = socket.send("hello", json!({})).await;
            assert_eq!(hello["ok"], true, "{hello}");
            socket
        })
        .buffer_unordered(OPENING)
        .collect()
        .await
}

/// Sends at a steady rate, each person in turn; answers how many were accepted.
async fn talk(people: &[Person], room: &str, options: &Options) -> usize {
    let mut ticks = interval(Duration::from_secs(1) / options.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let path = format!("/v1/chatrooms/{room}/messages");
    let mut sending = Vec::new();
    for n in 0..options.rate * options.seconds {
        ticks.tick().await;
        let person = people[n as usize % people.len()].clone();
        let path = path.clone();
        sending.push(tokio::spawn(async move {
            let body = json!({ "content": format!("회의 시작할까요? {n}") });
            person.post(&path, body).await.status.is_success()
        }));
    }
    let sent = join_all(sending).await;
    sent.into_iter()
        .filter(|sent| matches!(sent, Ok(true)))
        .count()
}

async fn listen(mut socket: Socket, room: String, most: usize) -> Heard {
    let mut heard = Heard {
        seqs: Vec::new(),
        late: Vec::new(),
    };
    let all = async {
        while heard.seqs.len() < most {
            let said = |event: &Value| event["room_id"] == room.as_str() && event["seq"].is_i64();
            let Some(event) = socket.next_event(said, PATIENCE * 6).await else {
                return;
            };
            let now = app::clock::now();
            let at = event["at"].as_str().unwrap_or_default();
            if let Ok(at) = OffsetDateTime::parse(at, &Rfc3339) {
                heard.late.push((now - at).try_into().unwrap_or_default());
            }
            heard.seqs.push(event["seq"].as_i64().unwrap_or_default());
        }
    };
    // Whoever waits longer has lost something, which the table tells.
    drop(timeout(PATIENCE * 10, all).await);
    heard
}
