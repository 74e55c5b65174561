//! The scenes of the demo, one after the other.

mod after;
mod files;
mod sending;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Error;
use super::content::Content;
use super::rest::{Rest, number, text};
use super::socket::Live;
use super::summary::Summary;
use crate::ready::Ready;
use crate::say;

/// Messages that the two say to each other.
const MESSAGES: usize = 60;
/// Pause between them: each person stays under the limit of ten a second.
const PAUSE: Duration = Duration::from_millis(60);

/// The two people, their room, and what is found out.
struct Stage<'a> {
    ready: &'a Ready,
    alice: Rest,
    bob: Rest,
    bob_live: Live,
    room: String,
    bar: ProgressBar,
    summary: Summary,
}

/// Plays the whole demo with a file of `size` bytes and a batch of `files`; `shown` draws progress bars and says what
/// happens.
pub(super) async fn play(
    ready: &Ready,
    size: u64,
    files: u32,
    shown: bool,
) -> Result<Summary, Error> {
    let tell = |line: &str| {
        if shown {
            say::note(line);
        }
    };
    tell("Two people of one company meet in a room and talk, over REST and sockets.");
    let mut stage = Stage::set(ready, size, shown).await?;
    stage.talk().await?;
    tell("One uploads a file; the other watches. Half-way the uploading client is killed.");
    let content = Content { seed: seed(), size };
    let (upload, file) = stage.upload(content, tell).await?;
    tell("The other downloads it and compares.");
    stage.download(content, &file).await?;
    tell(
        "A batch of documents goes in by one call; the other sees them, and the first as a picture.",
    );
    stage.summary.files_wanted = u64::from(files);
    let document = stage.batch(files).await?;
    tell("The first gets a new version, and a link that is good for one download.");
    stage.version(&document).await?;
    stage.link(&document).await?;
    tell("A stranger from another company tries the same ids.");
    stage.stranger(&upload, &file).await?;
    stage.count().await?;
    Ok(stage.summary)
}

impl<'a> Stage<'a> {
    async fn set(ready: &'a Ready, size: u64, shown: bool) -> Result<Self, Error> {
        let [first, second, ..] = ready.people.as_slice() else {
            return Err(Error::Unexpected(
                "the stack knows no two people".to_owned(),
            ));
        };
        let alice = Rest::sign_in(&ready.rest, &first.email, &first.password).await?;
        let bob = Rest::sign_in(&ready.rest, &second.email, &second.password).await?;
        let bob_id = text(&bob.get("/v1/me").await?, "/user/id")?;
        let name = format!("Demo {}", uuid::Uuid::now_v7());
        let body = json!({
            "name": name, "type": "private", "members": [{"user_id": bob_id}],
        });
        let room = text(&alice.post("/v1/chatrooms", &body).await?, "/id")?;
        let bob_live = Live::connect(&bob, &ready.socket).await?;
        let bar = if shown {
            bar(size)
        } else {
            ProgressBar::hidden()
        };
        let summary = Summary {
            size,
            ..Summary::default()
        };
        Ok(Self {
            ready,
            alice,
            bob,
            bob_live,
            room,
            bar,
            summary,
        })
    }

    /// Half of the messages go by REST, half by socket, in both directions.
    async fn talk(&mut self) -> Result<(), Error> {
        let mut alice_live = Live::connect(&self.alice, &self.ready.socket).await?;
        let path = format!("/v1/chatrooms/{}/messages", self.room);
        for turn in 0..MESSAGES {
            let content = format!("{turn}: 안녕하세요, hello");
            let body = json!({"content": content, "client_id": format!("demo-{turn}")});
            let said = |event: &Value| event.pointer("/data/content") == body.get("content");
            let by_rest = turn % 4 < 2;
            let from_alice = turn % 2 == 0;
            let mut over_socket = body.clone();
            over_socket["room_id"] = json!(self.room);
            let began = Instant::now();
            match (from_alice, by_rest) {
                (true, true) => drop(self.alice.post(&path, &body).await?),
                (false, true) => drop(self.bob.post(&path, &body).await?),
                (true, false) => drop(alice_live.ask("message.send", over_socket).await?),
                (false, false) => drop(self.bob_live.ask("message.send", over_socket).await?),
            }
            let hearer = if from_alice {
                &mut self.bob_live
            } else {
                &mut alice_live
            };
            let (heard, _) = hearer.wait("a message", said).await?;
            self.summary
                .message_ms
                .push((heard - began).as_secs_f64() * 1_000.0);
            tokio::time::sleep(PAUSE).await;
        }
        self.summary.message_ms.sort_by(f64::total_cmp);
        Ok(())
    }

    /// What the stack itself counted.
    async fn count(&mut self) -> Result<(), Error> {
        self.summary.api_calls += self.alice.calls() + self.bob.calls();
        let control = Rest::with_token(&self.ready.control, "");
        let counters = control.get("/counters").await?;
        for function in counters["functions"].as_object().into_iter().flatten() {
            self.summary.control_bytes +=
                number(function.1, "/bytes_in")? + number(function.1, "/bytes_out")?;
        }
        self.summary.function_bytes = number(&counters, "/binary_bytes")?;
        Ok(())
    }
}

fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template(
        "  {bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}  (as the other person sees it)",
    );
    // A template that cannot be drawn is no reason to stop: the default one is fine too.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A file that no earlier run has made.
fn seed() -> u64 {
    let (seed, _) = uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).as_u64_pair();
    seed
}
