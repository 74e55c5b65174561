//! The upkeep of storage: what the reaper does beside sessions. Everything here is bounded and may be run again, also
//! twice at once.

use std::collections::HashSet;
use std::future::ready;

use files::{Files, Unfinished};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Difference, Orphan, Progressed, Store};
use time::{Duration, OffsetDateTime};

use super::Swept;
use crate::{Problem, clock, previews};

/// How long a content without a reference is kept.
const ORPHANED: Duration = Duration::days(30);
/// How many contents are removed at the same time: each waits for S3 again and again.
const AT_ONCE: usize = 16;
/// How old a multipart upload is, or a content, before it must be known on both sides.
const SETTLED: Duration = Duration::hours(1);
/// Companies that are counted one after another.
const COMPANIES: i64 = 500;
/// Keys that one line of the log names at most.
const NAMED: usize = 20;

/// What comparing S3 with our rows came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Compared {
    /// Objects that were looked at.
    pub objects: u64,
    /// Objects that no row of ours knows.
    pub unknown: u64,
    /// Contents that S3 does not have.
    pub missing: u64,
    /// Whether this run came to the end of the bucket; the next one begins anew.
    pub whole: bool,
}

/// Gives up multipart uploads that S3 began in vain: no open session knows them. At most `pages` pages.
///
/// # Errors
/// When a store does not answer.
pub async fn abort_vain(
    store: &Store,
    files: &Files,
    now: OffsetDateTime,
    pages: u32,
) -> Result<Swept, Problem> {
    const JOB: &str = "multipart_uploads";
    let mut swept = Swept::default();
    let mut place = marker(&store.job_progress(JOB).await?.place);
    for _ in 0..pages {
        let page = files.unfinished("", place.as_ref()).await?;
        let old: Vec<Unfinished> = page
            .found
            .into_iter()
            .filter(|found| now - found.begun_at > SETTLED)
            .collect();
        let keys: Vec<String> = old.iter().map(|found| found.key.clone()).collect();
        let open: HashSet<_> = store.open_in_s3(&keys).await?.into_iter().collect();
        for vain in old {
            if open.contains(&(vain.key.clone(), vain.upload_id.clone())) {
                continue;
            }
            match files.abort(&vain.key, &vain.upload_id).await {
                Ok(()) => swept.done += 1,
                Err(error) => {
                    swept.failed += 1;
                    tracing::warn!(key = vain.key, error = ?error, "left to the next run");
                }
            }
        }
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    let place = place.map_or_else(String::new, |place| json!(place).to_string());
    let progressed = Progressed {
        place,
        found: Value::Null,
    };
    store.keep_job_progress(JOB, &progressed, now).await?;
    Ok(swept)
}

/// Removes contents that nothing has referred to for 30 days, first from S3, then from our rows: batch after batch of
/// `limit`, as long as some go, until it is `until`.
///
/// # Errors
/// When they cannot be listed.
pub async fn remove_orphans(
    store: &Store,
    files: &Files,
    (now, until): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    let mut last: Option<Orphan> = None;
    while clock::now() < until {
        let mut batch = store.orphans(now - ORPHANED, last.as_ref(), limit).await?;
        let gone: Vec<bool> = stream::iter(&batch)
            .take_while(|_| ready(clock::now() < until))
            .map(|orphan| remove_orphan(store, files, orphan))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let done = gone.iter().filter(|gone| **gone).count();
        swept.count(done, gone.len() - done);
        // What failed stands behind; but a storage that removed nothing at all is away.
        let more = done > 0 && i64::try_from(batch.len()).is_ok_and(|count| count >= limit);
        last = batch.pop().filter(|_| more);
        if last.is_none() {
            break;
        }
    }
    Ok(swept)
}

/// Whether it is gone.
async fn remove_orphan(store: &Store, files: &Files, orphan: &Orphan) -> bool {
    let removed = async {
        files.delete(&orphan.key).await?;
        previews::remove(files, &orphan.key).await?;
        store.forget_orphan(orphan.blob).await?;
        Ok::<_, Problem>(())
    };
    let removed = removed.await;
    if let Err(problem) = &removed {
        tracing::warn!(blob = %orphan.blob, error = ?problem.source, "left to the next run");
    }
    removed.is_ok()
}

/// Counts what each company stores and has promised, and puts right what has drifted. Answers how many had.
///
/// # Errors
/// When Postgres does not answer.
pub async fn reconcile(store: &Store, companies: u32) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    let (mut after, mut left) = (None, companies);
    loop {
        let page = store.companies_after(after, COMPANIES).await?;
        for company in &page {
            match store.reckon(*company).await {
                Ok(Some(found)) if found.kept != found.real => {
                    swept.done += 1;
                    tracing::warn!(
                        company = %company, kept = ?found.kept, real = ?found.real,
                        "the storage figures had drifted and were put right"
                    );
                }
                Ok(_) => {}
                Err(error) => {
                    swept.failed += 1;
                    tracing::warn!(company = %company, error = ?error, "not counted");
                }
            }
            left = left.saturating_sub(1);
        }
        after = page.last().copied();
        if after.is_none() || left == 0 {
            return Ok(swept);
        }
    }
}

/// Compares the bucket with our rows, both ways, in S3's order; goes on where the last run stopped. It removes nothing:
/// what it finds is told.
///
/// # Errors
/// When a store does not answer.
pub async fn compare(
    store: &Store,
    files: &Files,
    now: OffsetDateTime,
    pages: u32,
) -> Result<Compared, Problem> {
    const JOB: &str = "bucket_report";
    let began = store.job_progress(JOB).await?;
    let mut place = began.place.clone();
    let mut run = Compared::default();
    for _ in 0..pages {
        let page = files.keys(&place).await?;
        let last = page.keys.last().cloned();
        let until = last.as_deref().filter(|_| page.more);
        let contents: Vec<String> = page.keys.iter().map(|key| content(key)).collect();
        let found = store
            .compare_keys(&place, until, &contents, now - SETTLED)
            .await?;
        run.objects += page.keys.len() as u64;
        run.unknown += found.unknown.len() as u64;
        run.missing += found.missing.len() as u64;
        tell(&found);
        match until {
            Some(until) => until.clone_into(&mut place),
            None => {
                place.clear();
                run.whole = true;
                break;
            }
        }
    }
    let total = sum(&began, run);
    if run.whole {
        let Compared {
            objects,
            unknown,
            missing,
            ..
        } = total;
        tracing::info!(
            objects,
            unknown,
            missing,
            "the bucket was compared with our rows"
        );
    }
    let found = if run.whole { json!({}) } else { json!(total) };
    let progressed = Progressed { place, found };
    store.keep_job_progress(JOB, &progressed, now).await?;
    Ok(run)
}

/// The content that an object belongs to: itself, or what it was made from.
fn content(key: &str) -> String {
    let Some(made) = key.strip_prefix("previews/") else {
        return key.to_owned();
    };
    let of: Vec<&str> = made.splitn(3, '/').take(2).collect();
    of.join("/")
}

fn tell(found: &Difference) {
    let named = |keys: &[String]| keys.iter().take(NAMED).cloned().collect::<Vec<_>>();
    if !found.unknown.is_empty() {
        tracing::warn!(keys = ?named(&found.unknown), count = found.unknown.len(), "objects that no row knows");
    }
    if !found.missing.is_empty() {
        tracing::error!(keys = ?named(&found.missing), count = found.missing.len(), "contents that S3 does not have");
    }
}

fn sum(before: &Progressed, run: Compared) -> Compared {
    let known = |name: &str| before.found[name].as_u64().unwrap_or_default();
    Compared {
        objects: known("objects") + run.objects,
        unknown: known("unknown") + run.unknown,
        missing: known("missing") + run.missing,
        whole: run.whole,
    }
}

fn marker(place: &str) -> Option<(String, String)> {
    serde_json::from_str(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_of_a_content_belongs_to_it() {
        assert_eq!(content("a-1/b-2"), "a-1/b-2");
        assert_eq!(content("previews/a-1/b-2/small"), "a-1/b-2");
    }
}
