//! The scenes of the demo, one after the other.

use std::time::Duration;

use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::Error;
use super::child::{Running, Task};
use super::content::Content;
use super::rest::{Rest, number, text};
use super::socket::Live;
use super::summary::Summary;
use super::upload::{Uploader, place};
use crate::ready::Ready;
use crate::say;

/// Messages that the two say to each other.
const MESSAGES: usize = 60;
/// Pause between them: each person stays under the limit of ten a second.
const PAUSE: Duration = Duration::from_millis(60);
/// How often the uploading process is looked after.
const LOOK: Duration = Duration::from_millis(20);

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

/// Plays the whole demo; `shown` draws progress bars and says what happens.
pub(super) async fn play(ready: &Ready, size: u64, shown: bool) -> Result<Summary, Error> {
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

    /// The upload, its cut and its end; answers the ids of upload and file.
    async fn upload(
        &mut self,
        content: Content,
        tell: impl Fn(&str),
    ) -> Result<(String, String), Error> {
        let body = json!({
            "room_id": self.room, "name": "데모 demo.bin", "size": content.size,
            "content_type": "application/octet-stream", "checksum": "sha256",
        });
        let begun = self.alice.post("/v1/uploads", &body).await?;
        let upload = text(&begun, "/upload/id")?;
        let part_size = number(&begun, "/upload/part_size")?;
        self.summary.parts = number(&begun, "/upload/part_count")?;
        let task = Task {
            rest: self.ready.rest.clone(),
            socket: self.ready.socket.clone(),
            token: self.alice.token().to_owned(),
            upload: upload.clone(),
            seed: content.seed,
            size: content.size,
        };
        let first = Instant::now();
        let began = self.until_half(Running::start(&task).await?).await?;
        let mut took = first.elapsed();
        let mut device = self.alice.clone();
        if let Some(person) = self.ready.people.first() {
            tell("Killed. The same person asks from another device what is missing, and goes on.");
            device = Rest::sign_in(&self.ready.rest, &person.email, &person.password).await?;
        }
        let second = Instant::now();
        let uploader = Uploader::new(device.clone(), &self.ready.socket, &upload, content).await?;
        let missing = uploader.missing().await?;
        self.summary.was_cut = !missing.is_empty();
        self.summary.resent_bytes = began
            .iter()
            .filter(|number| missing.contains(number))
            .map(|number| place(content, part_size, *number).1)
            .sum();
        let file = self.watch(async {
            uploader.put_missing(|_| ()).await?;
            uploader.complete().await
        });
        let file = text(&file.await?, "/id")?;
        took += second.elapsed();
        if missing.is_empty() && uploader.sent() == 0 {
            tell("The client had finished before it could be killed.");
        }
        #[expect(clippy::cast_precision_loss, reason = "a speed for people")]
        let mib = content.size as f64 / f64::from(1 << 20);
        self.summary.upload_mib_s = mib / took.as_secs_f64();
        self.summary.api_calls += device.calls();
        self.bar.finish_and_clear();
        Ok((upload, file))
    }

    /// Lets the client run until half of its parts are on their way, then kills it; the parts it had begun.
    async fn until_half(&mut self, mut client: Running) -> Result<Vec<u64>, Error> {
        let half = self.summary.parts.div_ceil(2);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                begun = client.begun() => if begun? >= half { break },
                event = self.bob_live.events.recv() => self.saw(event),
                _ = look.tick() => if client.ended().is_some() { break },
            }
        }
        client.kill().await
    }

    /// Runs `work` while the other person's events move the bar; ends when the file is announced.
    async fn watch(
        &mut self,
        work: impl Future<Output = Result<Value, Error>>,
    ) -> Result<Value, Error> {
        tokio::pin!(work);
        let file = loop {
            tokio::select! {
                file = &mut work => break file?,
                event = self.bob_live.events.recv() => self.saw(event),
            }
        };
        let id = file["id"].clone();
        let created = |event: &Value| {
            event["type"] == "file.created" && event.pointer("/data/id") == Some(&id)
        };
        // It may have come while the answer was on its way.
        if !self.summary.progress_seen {
            let progress = |event: &Value| event["type"] == "upload.progress" || created(event);
            let (_, event) = self.bob_live.wait("progress", progress).await?;
            self.summary.progress_seen = event["type"] == "upload.progress";
        }
        Ok(file)
    }

    fn saw(&mut self, event: Option<(Instant, Value)>) {
        let Some((_, event)) = event else { return };
        if event["type"] == "upload.progress" {
            self.summary.progress_seen = true;
            self.bar.set_position(
                event
                    .pointer("/data/bytes")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
            );
        }
    }

    async fn download(&mut self, content: Content, file: &str) -> Result<(), Error> {
        let expected = tokio::task::spawn_blocking(move || content.sha256(0, content.size));
        let answer = self.bob.get(&format!("/v1/files/{file}/download")).await?;
        let mut body = reqwest::get(text(&answer, "/url")?)
            .await?
            .error_for_status()?
            .bytes_stream();
        let mut hash = Sha256::new();
        while let Some(block) = body.next().await {
            hash.update(&block?);
        }
        let found: [u8; 32] = hash.finalize().into();
        let expected = expected
            .await
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        self.summary.sha256_match = expected == found;
        Ok(())
    }

    async fn stranger(&mut self, upload: &str, file: &str) -> Result<(), Error> {
        let id = uuid::Uuid::now_v7().simple();
        let email = format!("stranger-{id}@example.com");
        let stranger = Rest::register(
            &self.ready.rest,
            &email,
            "Stranger-2026",
            "Stranger",
            "Elsewhere",
        )
        .await?;
        let room = &self.room;
        let sign = json!({"parts": [{"number": 1}]});
        let say = json!({"content": "let me in"});
        let tries = [
            (Method::GET, format!("/v1/chatrooms/{room}"), None),
            (Method::GET, format!("/v1/chatrooms/{room}/messages"), None),
            (Method::GET, format!("/v1/chatrooms/{room}/events"), None),
            (
                Method::POST,
                format!("/v1/chatrooms/{room}/messages"),
                Some(&say),
            ),
            (Method::POST, format!("/v1/chatrooms/{room}/join"), None),
            (Method::GET, format!("/v1/uploads/{upload}"), None),
            (
                Method::POST,
                format!("/v1/uploads/{upload}/parts/sign"),
                Some(&sign),
            ),
            (Method::DELETE, format!("/v1/uploads/{upload}"), None),
            (Method::GET, format!("/v1/files/{file}"), None),
            (Method::GET, format!("/v1/files/{file}/download"), None),
        ];
        let mut refused = true;
        for (method, path, body) in tries {
            refused &= stranger.status(method, &path, body).await? == StatusCode::NOT_FOUND;
        }
        self.summary.stranger_refused = refused;
        self.summary.api_calls += stranger.calls();
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
