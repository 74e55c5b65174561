//! The jobs of each schedule.

use std::collections::BTreeMap;

use app::uploads::{self, Deps, Swept};
use app::{Problem, files, lost, previews};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::Job;

/// Most upload sessions that one run takes on, of each kind.
const UPLOADS: i64 = 200;
/// Most contents that one batch removes; batches go on while there is time.
const ORPHANS: i64 = 200;
/// What of a run's time is kept for the job behind that one.
const REST: Duration = Duration::minutes(1);
/// Most previews that one run asks for again.
const PREVIEWS: i64 = 50;
/// Most files that one batch removes for good, and that one run tells the search of.
const FILES: i64 = 500;
/// Most batches of files that one run removes: what somebody has deleted counts until then.
const FILE_BATCHES: u32 = 20;
/// Most rooms whose contents one run tags for another storage class.
const ROOMS: i64 = 20;
/// Most pages of 1,000 keys that one run looks at.
const PAGES: u32 = 50;
/// Most companies that one run counts.
const COMPANIES: u32 = 100_000;
/// Most rows that one statement removes.
const ROWS: i64 = 5_000;
/// Most statements of one purge in one run: what is left waits for the next.
const ROUNDS: u32 = 40;

/// How long events of rooms and people are kept: past that, clients load a room anew.
const EVENTS: Duration = Duration::days(30);
/// How long ended sessions are kept for the list of devices.
const SESSIONS: Duration = Duration::days(30);
/// How long used refresh tokens are kept, so that a stolen one is known when it comes back.
const TOKENS: Duration = Duration::days(8);

/// How long an unfinished row of failed sign-ins is remembered; a lock ends long before.
const FAILURES: Duration = Duration::days(30);

/// What a run did, job by job: how many things, and how many failed. An absent job did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Things done, by job.
    pub done: BTreeMap<&'static str, u64>,
    /// Things that failed and are left to the next run, by job; a job that could not run at all counts one.
    pub failed: BTreeMap<&'static str, u64>,
}

/// Runs every job of `job` once; one that fails does not keep the others from running.
///
/// `previews` is the function that makes previews; the run is cut at `deadline`.
pub async fn run_job(
    deps: &Deps,
    previews: &str,
    job: Job,
    (now, deadline): (OffsetDateTime, OffsetDateTime),
) -> Report {
    let mut report = Report::default();
    match job {
        Job::Minute => {
            report.swept("uploads_expired", uploads::expire(deps, now, UPLOADS).await);
            let finished = uploads::finish_stalled(deps, now, UPLOADS).await;
            report.swept("uploads_finished", finished);
            let told = lost::reannounce(&deps.store, &deps.live, now).await;
            let told = told.map(|done| Swept { done, failed: 0 });
            report.swept("rooms_reannounced", told);
            let asked = previews::ask_again(&deps.store, &deps.live, previews, now, PREVIEWS);
            report.purged("previews_asked", asked.await);
            let filled = uploads::fill_places(deps, now, UPLOADS).await;
            report.swept("places_filled", filled);
            let indexed = files::index_names(&deps.store, FILES).await;
            report.swept("files_indexed", indexed);
        }
        Job::Hour => {
            report.swept("uploads_swept", uploads::sweep(deps, now, UPLOADS).await);
            let purged = files::purge(&deps.store, now, FILES, FILE_BATCHES).await;
            report.swept("files_purged", purged);
            let tagged = files::tier(&deps.store, &deps.files, ROOMS).await;
            report.swept("contents_tagged", tagged);
            storage(deps, (now, deadline - REST), &mut report).await;
        }
        Job::Day => {
            purge(deps, now, &mut report).await;
            let repaired = uploads::reconcile(&deps.store, COMPANIES).await;
            report.swept("storage_repaired", repaired);
        }
    }
    tracing::info!(job = ?job, done = ?report.done, failed = ?report.failed, "reaped");
    report
}

/// What S3 holds that nobody needs, and what the two sides do not know of each other.
async fn storage(deps: &Deps, (now, until): (OffsetDateTime, OffsetDateTime), report: &mut Report) {
    let (store, files) = (&deps.store, &deps.files);
    let vain = uploads::abort_vain(store, files, now, PAGES).await;
    report.swept("multipart_uploads_aborted", vain);
    let orphans = uploads::remove_orphans(store, files, (now, until), ORPHANS).await;
    report.swept("orphans_removed", orphans);
    match uploads::compare(store, files, now, PAGES).await {
        Ok(compared) => {
            report.count("objects_compared", compared.objects, 0);
            report.count("objects_unknown", compared.unknown, 0);
            report.count("contents_missing", compared.missing, 0);
        }
        Err(problem) => {
            tracing::error!(error = ?problem.source, "the bucket was not compared");
            report.count("objects_compared", 0, 1);
        }
    }
}

async fn purge(deps: &Deps, now: OffsetDateTime, report: &mut Report) {
    let store = &deps.store;
    let room_events = rounds(async || store.purge_room_events(now - EVENTS, ROWS).await).await;
    report.purged("room_events_purged", room_events);
    let user_events = rounds(async || store.purge_user_events(now - EVENTS, ROWS).await).await;
    report.purged("user_events_purged", user_events);
    let sessions = rounds(async || store.purge_sessions(now - SESSIONS, ROWS).await).await;
    report.purged("sessions_purged", sessions);
    let tokens = rounds(async || store.purge_refresh_tokens(now - TOKENS, ROWS).await).await;
    report.purged("refresh_tokens_purged", tokens);
    let failures = async || store.purge_sign_in_failures(now - FAILURES, ROWS).await;
    report.purged("sign_in_failures_purged", rounds(failures).await);
}

/// Batch after batch until one is not full, or the run has done enough.
async fn rounds<E>(batch: impl AsyncFn() -> Result<u64, E>) -> Result<u64, E> {
    let mut total = 0;
    for _ in 0..ROUNDS {
        let gone = batch().await?;
        total += gone;
        if gone < ROWS.unsigned_abs() {
            break;
        }
    }
    Ok(total)
}

impl Report {
    fn swept(&mut self, job: &'static str, swept: Result<Swept, Problem>) {
        match swept {
            Ok(swept) => {
                self.count(job, u64::from(swept.done), u64::from(swept.failed));
            }
            Err(problem) => {
                tracing::error!(job, error = ?problem.source, "a job could not run");
                self.count(job, 0, 1);
            }
        }
    }

    fn purged(&mut self, job: &'static str, purged: Result<u64, impl std::fmt::Debug>) {
        match purged {
            Ok(count) => self.count(job, count, 0),
            Err(error) => {
                tracing::error!(job, error = ?error, "a job could not run");
                self.count(job, 0, 1);
            }
        }
    }

    fn count(&mut self, job: &'static str, done: u64, failed: u64) {
        if done > 0 {
            self.done.insert(job, done);
        }
        if failed > 0 {
            self.failed.insert(job, failed);
        }
    }
}
