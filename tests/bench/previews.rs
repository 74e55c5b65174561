//! Previews of hostile files: the memory of the function's real processes, and the time.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::craft::{Hostile, fixture, hostile};
use support::sender::{room, upload};
use support::{Person, Stack};

use crate::report::Table;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only files whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
}

/// The limit of R-F3, in MB.
const MOST_MB: f64 = 256.0;
/// A file's own time, and what its upload and the stores take.
const MOST_S: f64 = 30.0;

/// How often processes are looked at; their peaks are kept by the kernel.
const EVERY: Duration = Duration::from_millis(1);

/// The largest peaks so far, in KiB, by what runs.
type Peaks = Arc<Mutex<BTreeMap<&'static str, u64>>>;

/// Sends every file through the whole system, one after another.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let mut table = Table::new("previews");
    let person = Person::register(stack).await;
    let room = room(&person, "figures").await;
    let peaks = Peaks::default();
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (peaks, stop, stack) = (peaks.clone(), stop.clone(), stack.pid);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                look(stack, &peaks);
                thread::sleep(EVERY);
            }
        })
    };
    let (mut reader, mut slowest) = (0, Duration::ZERO);
    for file in corpus() {
        if !file.name.contains(&options.only) {
            continue;
        }
        lock(&peaks).remove("previews-render");
        let since = Instant::now();
        let end = preview(stack, &person, &room, &file).await?;
        slowest = slowest.max(since.elapsed());
        // None was needed, or it was gone between two looks.
        let peak = lock(&peaks).get("previews-render").copied().unwrap_or(0);
        reader = reader.max(peak);
        table.row(format!("{}: {end}", file.name), megabytes(peak), "MB", None);
    }
    stop.store(true, Ordering::Relaxed);
    watcher.join().map_err(|_| "the watcher broke down")?;
    let seen = lock(&peaks).get("previews").copied();
    let function = seen.ok_or("no process of the function was found")?;
    sum_up(&mut table, function, reader, slowest);
    Ok(table)
}

fn sum_up(table: &mut Table, function: u64, reader: u64, slowest: Duration) {
    let both = megabytes(function + reader);
    let slowest = slowest.as_secs_f64();
    for (what, value, unit, most) in [
        (
            "the function itself, at its most",
            megabytes(function),
            "MB",
            None,
        ),
        (
            "function and reader together, at their most",
            both,
            "MB",
            Some(MOST_MB),
        ),
        (
            "the slowest file, upload included",
            slowest,
            "s",
            Some(MOST_S),
        ),
    ] {
        table.row(what, value, unit, most);
    }
}

/// Hostile files, and ordinary ones for comparison.
fn corpus() -> Vec<Hostile> {
    let ordinary = [
        "turned.jpg",
        "page.pdf",
        "photo.webp",
        "frames.gif",
        "film.mp4",
    ];
    let ordinary = ordinary.map(|name| Hostile {
        name,
        content: fixture(name),
        ends: &["ready"],
    });
    ordinary.into_iter().chain(hostile()).collect()
}

/// Uploads a file and waits for its preview; answers what became of it.
async fn preview(
    stack: &Stack,
    person: &Person,
    room: &str,
    file: &Hostile,
) -> Result<String, app::Error> {
    let made = upload(person, room, file.name, file.content.clone()).await;
    let id = made["id"].as_str().ok_or("a file has an id")?.to_owned();
    let sql =
        format!("select b.key from files f join blobs b on b.id = f.blob_id where f.id = '{id}'");
    let key: String = stack.query(&sql).await[0].get(0);
    // S3's event has called it too: whichever is first does the work.
    stack.invoke("previews", json!({ "key": key })).await;
    let seen = person.get(&format!("/v1/files/{id}")).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or("nothing").to_owned();
    let preview = &seen["preview"];
    Ok(match preview["reason"].is_string() {
        true => text(&preview["reason"]),
        false => text(&preview["state"]),
    })
}

/// Notes the peaks of the stack's instances of the function, and of what they started.
fn look(stack: u32, peaks: &Peaks) {
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = process.path();
        let Ok(command) = fs::read(path.join("cmdline")) else {
            continue;
        };
        let Some(name) = named(&command) else {
            continue;
        };
        let Ok(status) = fs::read_to_string(path.join("status")) else {
            continue;
        };
        let number = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        if name == "previews" && number("PPid:") != Some(u64::from(stack)) {
            continue;
        }
        let peak = number("VmHWM:").unwrap_or(0);
        let mut peaks = lock(peaks);
        let known = peaks.entry(name).or_default();
        *known = peak.max(*known);
    }
}

/// Which of the two a command line is: as `maru-local` runs them, or as the deployed binary does.
fn named(command: &[u8]) -> Option<&'static str> {
    let words: Vec<&[u8]> = command.split(|&byte| byte == 0).collect();
    let (program, arguments) = words.split_first()?;
    let deployed = program.ends_with(b"maru-previews/bootstrap");
    match (deployed, arguments) {
        (true, [b"render", ..]) | (false, [_, b"previews-render", ..]) => Some("previews-render"),
        (true, _) | (false, [_, b"previews", ..]) => Some("previews"),
        (false, _) => None,
    }
}

fn lock(peaks: &Peaks) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
    peaks.lock().unwrap_or_else(PoisonError::into_inner)
}

fn megabytes(kib: u64) -> f64 {
    // A KiB is 1,024 millionths of a MB.
    Duration::from_micros(kib * 1_024).as_secs_f64()
}
