//! The upload: begun by one client, killed, gone on with by another, watched by the other person.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::Error;
use super::super::child::{Running, Task};
use super::super::content::Content;
use super::super::rest::{Rest, number, text};
use super::super::upload::{Uploader, place};
use super::Stage;

/// How often the uploading process is looked after.
const LOOK: Duration = Duration::from_millis(20);

impl Stage<'_> {
    /// The upload, its cut and its end; answers the ids of upload and file.
    pub(super) async fn upload(
        &mut self,
        content: Content,
        tell: impl Fn(&str),
    ) -> Result<(String, String), Error> {
        let (task, part_size) = self.begin(content).await?;
        let upload = task.upload.clone();
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

    /// Begins the upload; what its client is to do, and the size of a part.
    async fn begin(&mut self, content: Content) -> Result<(Task, u64), Error> {
        let body = json!({
            "room_id": self.room, "name": "데모 demo.bin", "size": content.size,
            "content_type": "application/octet-stream", "checksum": "sha256",
        });
        let begun = self.alice.post("/v1/uploads", &body).await?;
        self.summary.parts = number(&begun, "/upload/part_count")?;
        let task = Task {
            rest: self.ready.rest.clone(),
            socket: self.ready.socket.clone(),
            token: self.alice.token().to_owned(),
            upload: text(&begun, "/upload/id")?,
            seed: content.seed,
            size: content.size,
        };
        Ok((task, number(&begun, "/upload/part_size")?))
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
}
