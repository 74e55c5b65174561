//! Ends without a file: given up, out of time; and what is then left in S3.

use domain::upload::{State, Step, Upload};
use domain::{CompanyId, UploadId};
use store::Origin;
use store::uploads::{By, Which};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use wire::problem::Code;

use super::announce::announce;
use super::{Deps, by, complete, in_state, own, places, progress, see};
use crate::{Caller, Problem, clock, previews};

/// How long a completion may stand still before the reaper takes it up.
const STALLED: Duration = Duration::minutes(1);

/// How long a session may stand that was neither begun in S3 nor belongs to a batch: nobody was told of it.
const LOST: Duration = Duration::minutes(5);

/// How long after its end an upload is swept by the reaper: whoever ended it sweeps first.
const GRACE: Duration = Duration::minutes(1);

/// What a run of the reaper did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Swept {
    /// Sessions that it took on.
    pub done: u32,
    /// Sessions that failed and are left to the next run.
    pub failed: u32,
}

/// Gives an upload up: its bytes are free again at once, its parts soon after.
///
/// # Errors
/// `not_found`, `forbidden`, `upload_state` when it has ended otherwise.
pub async fn cancel(deps: &Deps, caller: &Caller, id: UploadId) -> Result<(), Problem> {
    let seen = see(deps, caller, id, None).await?;
    own(caller, &seen.upload)?;
    let (which, lines) = ([id], [clock::id()]);
    let which = Which::These(&which);
    let by = by(caller);
    let ended = end(deps, caller.company, which, Step::Cancel, None, &by, &lines);
    if !ended.await?.is_empty() || seen.upload.state == State::Cancelled {
        return Ok(());
    }
    match see(deps, caller, id, None).await?.upload.state {
        State::Cancelled => Ok(()),
        state => Err(in_state(state)),
    }
}

/// Ends sessions, tells of it, frees what they left in S3, and lets those start that wait for their places. Answers
/// those that were open until now.
pub(super) async fn end(
    deps: &Deps,
    company: CompanyId,
    which: Which<'_>,
    step: Step,
    why: Option<&str>,
    by: &By<'_>,
    lines: &[Uuid],
) -> Result<Vec<Upload>, Problem> {
    let ended = deps.store.end_uploads(company, which, step, why, by, lines);
    let ended = ended.await?;
    announce(&deps.live, company, ended.happened).await;
    for upload in &ended.uploads {
        progress::announce_given_up(deps, upload, by.origin.at).await;
        tidy(deps, upload, by.origin.at).await;
    }
    if let (true, Some(first)) = (ended.waits, ended.uploads.first()) {
        places::fill(deps, company, first.uploader, by).await;
    }
    Ok(ended.uploads)
}

/// Ends at most `limit` sessions whose time is over, and as many that nobody was ever told of.
///
/// # Errors
/// When they cannot be listed.
pub async fn expire(deps: &Deps, now: OffsetDateTime, limit: i64) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    let mut over = deps.store.expired_uploads(now, limit).await?;
    over.extend(deps.store.lost_uploads(now - LOST, limit).await?);
    for upload in over {
        let (which, lines) = (
            Which::Idle(upload.id, upload.last_activity_at),
            [clock::id()],
        );
        let by = system(now);
        let ended = end(deps, upload.company, which, Step::Expire, None, &by, &lines);
        match ended.await {
            Ok(ended) if ended.is_empty() => {}
            Ok(_) => swept.done += 1,
            Err(problem) => swept.skip(upload.id, &problem),
        }
    }
    Ok(swept)
}

/// Finishes at most `limit` sessions whose completion was asked for and left half way: after 1, 2, 4 and 8 minutes,
/// then each 16, so that one that S3 refuses for good is asked for a hundred times in its day and not 1,440 times.
///
/// # Errors
/// When they cannot be listed.
pub async fn finish_stalled(
    deps: &Deps,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for upload in deps.store.stalled_uploads(now, limit).await? {
        let id = upload.id;
        let by = By {
            actor: Some(upload.uploader),
            ..system(now)
        };
        match complete::finish(deps, upload, &by).await {
            Ok(_) => swept.done += 1,
            // It was asked for too early: its parts are still on their way.
            Err(problem) if problem.code == Code::UploadIncomplete => {
                deps.store.upload_not_asked(id, now - STALLED).await?;
            }
            Err(problem) => swept.skip(id, &problem),
        }
    }
    Ok(swept)
}

/// Starts what waits although nothing of its uploader is sending: whoever should have done it did not come to it.
///
/// # Errors
/// When they cannot be listed.
pub async fn fill_places(deps: &Deps, now: OffsetDateTime, limit: i64) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for upload in deps.store.stuck_uploads(now - STALLED, limit).await? {
        let by = system(now);
        places::fill(deps, upload.company, upload.uploader, &by).await;
        swept.done += 1;
    }
    Ok(swept)
}

/// Frees what at most `limit` ended sessions left in S3, when whoever ended them did not come to it.
///
/// # Errors
/// When they cannot be listed.
pub async fn sweep(deps: &Deps, now: OffsetDateTime, limit: i64) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for upload in deps.store.unswept_uploads(now - GRACE, limit).await? {
        match rid(deps, &upload, now).await {
            Ok(()) => swept.done += 1,
            Err(problem) => swept.skip(upload.id, &problem),
        }
    }
    Ok(swept)
}

/// As [`sweep`] for one session that just ended; a failure is left to the reaper.
pub(super) async fn tidy(deps: &Deps, upload: &Upload, now: OffsetDateTime) {
    if let Err(problem) = rid(deps, upload, now).await {
        tracing::warn!(upload = %upload.id, error = ?problem.source, "S3 is swept later");
    }
}

/// Parts and object of a session that no file needs: of one that ended without a file, or whose content was there
/// before.
async fn rid(deps: &Deps, upload: &Upload, now: OffsetDateTime) -> Result<(), Problem> {
    // What only waited never reached S3.
    if let Some(s3_id) = &upload.s3_upload_id {
        deps.files.abort(&upload.key, s3_id).await?;
        deps.files.delete(&upload.key).await?;
        previews::remove(&deps.files, &upload.key).await?;
    }
    deps.store.upload_swept(upload.id, now).await?;
    Ok(())
}

impl Swept {
    /// Adds so many that were taken on, and so many that failed.
    pub(super) fn count(&mut self, done: usize, failed: usize) {
        self.done += u32::try_from(done).unwrap_or(u32::MAX);
        self.failed += u32::try_from(failed).unwrap_or(u32::MAX);
    }

    fn skip(&mut self, id: UploadId, problem: &Problem) {
        self.failed += 1;
        tracing::warn!(upload = %id, code = problem.code.as_str(), error = ?problem.source, "left to the next run");
    }
}

/// The reaper's hand, as the audit log keeps it.
fn system(at: OffsetDateTime) -> By<'static> {
    By {
        actor: None,
        origin: Origin {
            at,
            address: "",
            user_agent: "",
            request_id: "",
        },
        line: clock::id(),
    }
}
