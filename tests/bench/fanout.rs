//! Announcing to many connections: how long until the last post has gone out, and what a post costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::socket::Shard;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use domain::{CompanyId, ConnectionId, RoomId, UserId};
use futures_util::future::join_all;
use live::{Egress, Live, Target};
use serde_json::json;
use support::Stack;
use wire::event::Event;

use crate::cpu;
use crate::report::{Table, Times};
use crate::sink::Sink;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds of each figure.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Milliseconds that the other end takes to answer a post.
    #[arg(long, default_value_t = 5)]
    latency_ms: u64,
}

/// Connections of one shard, as the announcer cuts them.
const SHARD: usize = 1_000;
/// Rounds before anything is measured.
const WARM: u32 = 3;

/// Announces to 1,000 and to 10,000.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let sink = Sink::start(options.latency_ms)?;
    let live = live(stack, &sink.address);
    let mut table = Table::new("fanout");
    for (count, most_ms) in [(1_000, 50.0), (10_000, 250.0)] {
        let targets = targets(count);
        let (mut handing, mut pushing) = (Times::default(), Times::default());
        hand_over(&live, &targets, options.rounds, &mut handing).await?;
        let own = push(&live, &targets, options.rounds, &mut pushing).await?;
        let (handed, pushed) = (handing.percentile_ms(50), pushing.percentile_ms(50));
        let name = |what: &str| format!("{count} connections: {what}");
        table.row(name("queue, index, hand over, p50"), handed, "ms", None);
        table.row(name("post to all, p50"), pushed, "ms", None);
        table.row(
            name("last post answered"),
            handed + pushed,
            "ms",
            Some(most_ms),
        );
        let posts = f64::from(u32::try_from(count)? * options.rounds);
        let each = own.as_secs_f64() * 1e6 / posts;
        table.row(name("processor time a post"), each, "us", Some(30.0));
    }
    Ok(table)
}

/// Announces through the index; the announce function is the sink, so only handing over is measured.
async fn hand_over(
    live: &Live,
    targets: &[Target],
    rounds: u32,
    times: &mut Times,
) -> Result<(), app::Error> {
    let (company, room) = (CompanyId(app::clock::id()), RoomId(app::clock::id()));
    for chunk in targets.chunks(64) {
        let listening = chunk.iter().map(|target| {
            let rooms = [room];
            async move { live.listen(company, target, &rooms).await }
        });
        for done in join_all(listening).await {
            done?;
        }
    }
    for seq in 1..=i64::from(WARM + rounds) {
        let event = event(room, seq);
        let start = Instant::now();
        live.announce(company, room, &[event]).await;
        if seq > i64::from(WARM) {
            times.push(start.elapsed());
        }
    }
    Ok(())
}

/// What the announce functions do, all at once: posts to every connection. Answers the processor time used.
async fn push(
    live: &Live,
    targets: &[Target],
    rounds: u32,
    times: &mut Times,
) -> Result<Duration, app::Error> {
    let text = serde_json::to_string(&json!({ "events": [event(RoomId(app::clock::id()), 1)] }))?;
    let shards: Vec<Arc<Shard>> = targets
        .chunks(SHARD)
        .map(|chunk| Arc::new(Shard::of(std::slice::from_ref(&text), chunk)))
        .collect();
    let mut before = cpu::used()?;
    for round in 0..WARM + rounds {
        if round == WARM {
            before = cpu::used()?;
        }
        let start = Instant::now();
        // Each shard is a function of its own; here they share the machine's processors.
        let pushing = shards.iter().map(|shard| {
            let (live, shard) = (live.clone(), Arc::clone(shard));
            tokio::spawn(async move { live.push_shard(&shard).await })
        });
        for pushed in join_all(pushing).await {
            let pushed = pushed??;
            if pushed.missed > 0 || !pushed.gone.is_empty() {
                return Err(format!("{pushed:?}").into());
            }
        }
        if round >= WARM {
            times.push(start.elapsed());
        }
    }
    Ok(cpu::used()?.saturating_sub(before))
}

fn targets(count: usize) -> Vec<Target> {
    (0..count)
        .map(|n| Target {
            connection: ConnectionId(format!("L0SM9cOFv{n:06}=")),
            user: UserId(app::clock::id()),
            stamp: 1,
        })
        .collect()
}

fn event(room: RoomId, seq: i64) -> Event {
    Event {
        kind: "message.created".to_owned(),
        room_id: Some(room),
        seq: Some(seq),
        at: app::clock::now(),
        actor: None,
        data: json!({ "content": "회의 시작할까요?", "seq": seq }),
    }
}

/// Redis and DynamoDB of the stack; the management API and the announce function are the sink.
fn live(stack: &Stack, sink: &str) -> Live {
    let credentials = Credentials::new("AKID", "secret", None, None, "bench");
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(&stack.dynamodb)
        .build();
    Live::new(live::Settings {
        redis_url: stack.redis.clone(),
        table: stack.table.clone(),
        aws,
        sockets_endpoint: Some(format!("{sink}/live")),
        lambda_endpoint: Some(sink.to_owned()),
        announce_function: Some("announce".to_owned()),
        egress: Egress::Nat,
        clock: app::clock::now,
        // Nobody beside those who are listed: the first announcement finds the index whole.
        members: Some(Arc::new(|_, _| Box::pin(async { Ok(Vec::new()) }))),
    })
}
