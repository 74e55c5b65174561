//! A whole upload through the API, against a plain client that puts the same parts to the same store by itself.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use domain::upload::{Checksum, Part, Plan, plan};
use files::Files;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::sender::{bucket, bytes, room, start};
use support::{Person, Stack};

use crate::memory;
use crate::report::Table;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// MiB of the file.
    #[arg(long, default_value_t = 1_024)]
    mib: u64,
    /// How often each way is taken, one after the other in turn.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
}

/// Parts on their way at once.
const PARALLEL: usize = 4;
/// Parts signed by one call.
const BATCH: usize = 100;
/// What the figure of control calls is about.
const TEN_GB: u64 = 10_000_000_000;

/// Bytes of the uploads that warm everything up.
const WARM: u64 = 64 << 20;
/// The largest part that these sizes are cut into.
const BLOCK: usize = 16 << 20;

/// A file of any size that is never whole in memory: one block, and in each part its own number.
struct Content {
    size: u64,
    seed: u64,
    block: Bytes,
}

/// A client of either way.
struct Client {
    person: Person,
    room: String,
    files: Files,
    http: reqwest::Client,
    calls: u32,
}

/// Uploads both ways and compares.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let person = Person::register(stack).await;
    let mut client = Client {
        room: room(&person, "figures").await,
        person,
        files: bucket(stack),
        http: reqwest::Client::builder().no_proxy().build()?,
        calls: 0,
    };
    enterprise(stack, &client.person).await?;
    client.through_maru(&Content::new(WARM, u64::MAX)).await?;
    client.plainly(&Content::new(WARM, u64::MAX), 0).await?;
    client.calls = 0;
    let (ours, plain) = client.both_ways(options).await?;
    let mut table = Table::new("upload");
    table.row(
        format!("{} MiB through the API", options.mib),
        ours * 1_000.0,
        "ms",
        None,
    );
    table.row("the same by a plain S3 client", plain * 1_000.0, "ms", None);
    table.row("ratio", ours / plain, "x", Some(1.02));
    let each = f64::from(client.calls) / f64::from(u32::try_from(options.rounds)?);
    table.row("control calls of such an upload", each, "", None);
    let (calls, parts) = client.control_calls(TEN_GB).await?;
    let per_hundred = f64::from(calls) * 100.0 / f64::from(parts);
    table.row(
        format!("control calls of 10 GB in {parts} parts"),
        f64::from(calls),
        "",
        None,
    );
    table.row("the same for 100 parts", per_hundred, "", Some(2.0));
    memory::rows(&mut table, stack).await?;
    Ok(table)
}

impl Client {
    /// The medians of uploads through the API and of plain ones, in turns.
    async fn both_ways(&mut self, options: &Options) -> Result<(f64, f64), app::Error> {
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for round in 1..=options.rounds {
            // Content of its own each time: equal content would be swept.
            let content = Content::new(options.mib << 20, round);
            if round % 2 == 0 {
                ours.push(self.through_maru(&content).await?);
                plain.push(self.plainly(&content, round).await?);
            } else {
                plain.push(self.plainly(&content, round).await?);
                ours.push(self.through_maru(&content).await?);
            }
        }
        Ok((median(ours), median(plain)))
    }

    /// Begins, signs in batches, puts, completes.
    async fn through_maru(&mut self, content: &Content) -> Result<Duration, app::Error> {
        let plan = plan(content.size)?;
        let begun = Instant::now();
        let started = self
            .post(
                "/v1/uploads",
                start(&self.room, "figures.bin", plan.size, "sha256"),
            )
            .await?;
        let id = started["upload"]["id"].as_str().ok_or("an id")?.to_owned();
        let parts: Vec<Part> = plan.parts().collect();
        for batch in parts.chunks(BATCH) {
            let wanted: Vec<Value> = batch
                .iter()
                .map(|part| json!({"number": part.number, "checksum": STANDARD.encode(content.digest(part))}))
                .collect();
            let path = format!("/v1/uploads/{id}/parts/sign");
            let signed = self.post(&path, json!({ "parts": wanted })).await?;
            let puts =
                batch
                    .iter()
                    .zip(signed.as_array().ok_or("a list")?)
                    .map(|(part, signed)| {
                        let sum = signed["headers"]["x-amz-checksum-sha256"]
                            .as_str()
                            .unwrap_or_default();
                        self.put(
                            signed["url"].as_str().unwrap_or_default().to_owned(),
                            sum.to_owned(),
                            content,
                            part,
                        )
                    });
            stream::iter(puts)
                .buffer_unordered(PARALLEL)
                .try_collect::<()>()
                .await?;
        }
        self.post(&format!("/v1/uploads/{id}/complete"), json!({}))
            .await?;
        Ok(begun.elapsed())
    }

    /// The same parts, checksums and connections, without Maru.
    async fn plainly(&self, content: &Content, round: u64) -> Result<Duration, app::Error> {
        let plan: Plan = plan(content.size)?;
        let key = format!("plain/{round}");
        let begun = Instant::now();
        let id = self
            .files
            .create_multipart(&key, "application/octet-stream", Checksum::Sha256)
            .await?;
        let signer = self.files.signer(app::clock::now(), 3_600).await?;
        let parts: Vec<Part> = plan.parts().collect();
        let signed: Vec<_> = parts
            .iter()
            .map(|part| {
                let sum = content.digest(part);
                (
                    part,
                    STANDARD.encode(sum),
                    signer.part(&key, &id, *part, Some(&sum)).url,
                )
            })
            .collect();
        let puts = signed
            .into_iter()
            .map(|(part, sum, url)| self.put(url, sum, content, part));
        stream::iter(puts)
            .buffer_unordered(PARALLEL)
            .try_collect::<()>()
            .await?;
        let stored = self.files.list_parts(&key, &id).await?;
        self.files.complete(&key, &id, &plan, &stored).await?;
        let took = begun.elapsed();
        self.files.delete(&key).await?;
        Ok(took)
    }

    /// How many calls an upload of `size` bytes takes, and its parts; nothing is sent.
    async fn control_calls(&mut self, size: u64) -> Result<(u32, u32), app::Error> {
        self.calls = 0;
        let started = self
            .post("/v1/uploads", start(&self.room, "10 GB.bin", size, "none"))
            .await?;
        let id = started["upload"]["id"].as_str().ok_or("an id")?.to_owned();
        let count = u32::try_from(started["upload"]["part_count"].as_u64().ok_or("a count")?)?;
        let numbers: Vec<u32> = (1..=count).collect();
        for batch in numbers.chunks(BATCH) {
            let wanted: Vec<Value> = batch
                .iter()
                .map(|number| json!({ "number": number }))
                .collect();
            self.post(
                &format!("/v1/uploads/{id}/parts/sign"),
                json!({ "parts": wanted }),
            )
            .await?;
        }
        // Completing is one call more.
        let calls = self.calls + 1;
        let given_up = self.person.delete(&format!("/v1/uploads/{id}")).await;
        assert_eq!(given_up.status, 204, "{given_up:#?}");
        Ok((calls, count))
    }

    async fn post(&mut self, path: &str, body: Value) -> Result<Value, app::Error> {
        self.calls += 1;
        let answer = self.person.post(path, body).await;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            Err(format!("{answer:#?}").into())
        }
    }

    async fn put(
        &self,
        url: String,
        sum: String,
        content: &Content,
        part: &Part,
    ) -> Result<(), app::Error> {
        let body = content.part(part);
        let request = self
            .http
            .put(url)
            .header("x-amz-checksum-sha256", sum)
            .body(body);
        let answer = request.send().await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(answer.text().await?.into())
        }
    }
}

impl Content {
    fn new(size: u64, seed: u64) -> Self {
        Self {
            size,
            seed,
            block: bytes(BLOCK, seed),
        }
    }

    fn part(&self, part: &Part) -> Bytes {
        let length = usize::try_from(part.length).unwrap_or_default();
        let mut made = BytesMut::from(&self.block[..length]);
        let mark = [self.seed.to_le_bytes(), part.offset.to_le_bytes()].concat();
        let marked = mark.len().min(length);
        made[..marked].copy_from_slice(&mark[..marked]);
        made.freeze()
    }

    fn digest(&self, part: &Part) -> [u8; 32] {
        Sha256::digest(self.part(part)).into()
    }
}

/// Lets the person's company store files of any size.
async fn enterprise(stack: &Stack, person: &Person) -> Result<(), app::Error> {
    let (sql, connection) =
        tokio_postgres::connect(&stack.postgres_owner, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let set = format!(
        "update companies set plan = 'enterprise' where id = '{}'",
        person.company.0
    );
    sql.batch_execute(&set).await?;
    Ok(())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(0.0, Duration::as_secs_f64)
}
