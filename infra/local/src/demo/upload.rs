//! The uploading client: asks what is missing, signs in batches, puts four parts at a time, completes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Error;
use super::content::Content;
use super::rest::{Rest, number, text};
use super::socket::Live;

/// Parts on their way at once.
const PARALLEL: usize = 4;
/// Parts signed by one call.
const SIGNED_AT_ONCE: usize = 100;
/// Pause between two hints: the room hears of progress once a second.
const HINT_PAUSE: Duration = Duration::from_millis(500);
/// Tries of one part before the upload is given up.
const TRIES: u32 = 5;

/// One device that uploads one file.
pub(super) struct Uploader {
    rest: Rest,
    /// Straight to S3; no token of ours goes there.
    s3: reqwest::Client,
    upload: String,
    content: Content,
    part_size: u64,
    hints: UnboundedSender<u64>,
    sent: Arc<AtomicU64>,
}

/// A part to put, signed.
struct Signed {
    number: u64,
    url: String,
    headers: Vec<(String, String)>,
}

impl Uploader {
    /// A device that takes up `upload`, whoever began it. `report` hears of each part when it starts.
    pub(super) async fn new(
        rest: Rest,
        socket: &str,
        upload: &str,
        content: Content,
    ) -> Result<Self, Error> {
        let state = rest.get(&format!("/v1/uploads/{upload}")).await?;
        let (hints, queue) = unbounded_channel();
        let live = Live::connect(&rest, socket).await?;
        tokio::spawn(hint(live, upload.to_owned(), queue));
        Ok(Self {
            part_size: number(&state, "/part_size")?,
            rest,
            s3: reqwest::Client::new(),
            upload: upload.to_owned(),
            content,
            hints,
            sent: Arc::default(),
        })
    }

    /// Bytes put to S3 by this device, those of failed tries included.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The numbers of the parts that S3 does not have.
    pub(super) async fn missing(&self) -> Result<Vec<u64>, Error> {
        let state = self
            .rest
            .get(&format!("/v1/uploads/{}", self.upload))
            .await?;
        let ranges = state["missing"].as_array().cloned().unwrap_or_default();
        let mut numbers = Vec::new();
        for range in ranges {
            numbers.extend(number(&range, "/from")?..=number(&range, "/to")?);
        }
        Ok(numbers)
    }

    /// Puts every missing part; `started` hears of each when it goes out.
    pub(super) async fn put_missing(&self, started: impl Fn(u64)) -> Result<(), Error> {
        let missing = self.missing().await?;
        for numbers in missing.chunks(SIGNED_AT_ONCE) {
            let signed = self.sign(numbers).await?;
            stream::iter(signed)
                .map(|part| {
                    started(part.number);
                    self.put(part)
                })
                .buffer_unordered(PARALLEL)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    /// Turns the parts into a file; asks again while S3 still joins them.
    pub(super) async fn complete(&self) -> Result<Value, Error> {
        loop {
            let path = format!("/v1/uploads/{}/complete", self.upload);
            let answer = self.rest.post(&path, &json!({})).await?;
            // Only a file names the upload that it came from.
            if answer["upload_id"].is_string() {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn sign(&self, numbers: &[u64]) -> Result<Vec<Signed>, Error> {
        let (content, size) = (self.content, self.part_size);
        let wanted = numbers.to_vec();
        let hashing = tokio::task::spawn_blocking(move || {
            let part = |number: u64| {
                let (offset, length) = place(content, size, number);
                let checksum = STANDARD.encode(content.sha256(offset, length));
                json!({"number": number, "checksum": checksum})
            };
            wanted.into_iter().map(part).collect::<Vec<_>>()
        });
        let parts = hashing
            .await
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let path = format!("/v1/uploads/{}/parts/sign", self.upload);
        let answer = self.rest.post(&path, &json!({"parts": parts})).await?;
        answer
            .as_array()
            .into_iter()
            .flatten()
            .map(signed)
            .collect()
    }

    async fn put(&self, part: Signed) -> Result<(), Error> {
        let (offset, length) = place(self.content, self.part_size, part.number);
        let mut tries = 0;
        loop {
            tries += 1;
            let blocks = stream::iter(self.content.blocks(offset, length).map(Ok::<_, Error>));
            let mut request = self.s3.put(&part.url).header("content-length", length);
            for (name, value) in part
                .headers
                .iter()
                .filter(|(name, _)| name != "content-length")
            {
                request = request.header(name, value);
            }
            let answer = request
                .body(reqwest::Body::wrap_stream(blocks))
                .send()
                .await;
            self.sent.fetch_add(length, Ordering::Relaxed);
            match answer {
                Ok(answer) if answer.status().is_success() => {
                    if self.hints.send(part.number).is_err() {
                        // The socket is gone; a hint is only a hint.
                    }
                    return Ok(());
                }
                Ok(answer) if tries >= TRIES => {
                    let status = answer.status().as_u16();
                    let said = answer.text().await.unwrap_or_default();
                    return Err(Error::Refused(
                        format!("part {}", part.number),
                        status,
                        said,
                    ));
                }
                Err(error) if tries >= TRIES => return Err(error.into()),
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(200) * tries).await,
            }
        }
    }
}

/// Where part `number` (from 1) lies in the file: offset and length.
pub(super) fn place(content: Content, part_size: u64, number: u64) -> (u64, u64) {
    let offset = (number - 1) * part_size;
    (offset, part_size.min(content.size - offset))
}

fn signed(part: &Value) -> Result<Signed, Error> {
    let headers = part["headers"].as_object().into_iter().flatten();
    Ok(Signed {
        number: number(part, "/number")?,
        url: text(part, "/url")?,
        headers: headers
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    })
}

/// Tells of progress over the socket: every part that is done by then in one hint.
async fn hint(mut live: Live, upload: String, mut queue: UnboundedReceiver<u64>) {
    let mut parts = Vec::new();
    while queue.recv_many(&mut parts, SIGNED_AT_ONCE).await > 0 {
        let data = json!({"upload_id": upload, "parts": std::mem::take(&mut parts)});
        if live.ask("upload.part_done", data).await.is_err() {
            return;
        }
        tokio::time::sleep(HINT_PAUSE).await;
    }
}
