//! Ends without a file: given up, out of time; and what is then left in S3.

use domain::UploadId;
use domain::upload::{State, Step, Upload};
use store::Origin;
use store::uploads::By;
use time::{Duration, OffsetDateTime};

use super::{Deps, by, complete, in_state, own, progress, see};
use crate::{Caller, Problem, clock, previews};

/// How long a completion may stand still before the reaper takes it up.
const STALLED: Duration = Duration::minutes(1);

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
    let ended = deps
        .store
        .end_upload(caller.company, id, Step::Cancel, None, &by(caller))
        .await?;
    match ended {
        Some(upload) => {
            progress::announce_given_up(deps, &upload, caller.client.at).await;
            tidy(deps, &upload, caller.client.at).await;
            Ok(())
        }
        None if seen.upload.state == State::Cancelled => Ok(()),
        None => {
            let now = see(deps, caller, id, None).await?;
            match now.upload.state {
                State::Cancelled => Ok(()),
                state => Err(in_state(state)),
            }
        }
    }
}

/// Ends at most `limit` sessions whose time is over.
///
/// # Errors
/// When they cannot be listed.
pub async fn expire(deps: &Deps, now: OffsetDateTime, limit: i64) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for upload in deps.store.expired_uploads(now, limit).await? {
        let ended = deps
            .store
            .end_upload(upload.company, upload.id, Step::Expire, None, &system(now))
            .await;
        match ended {
            Ok(Some(upload)) => {
                progress::announce_given_up(deps, &upload, now).await;
                tidy(deps, &upload, now).await;
                swept.done += 1;
            }
            Ok(None) => {}
            Err(error) => swept.skip(upload.id, &error.into()),
        }
    }
    Ok(swept)
}

/// Finishes at most `limit` sessions that were left completing.
///
/// # Errors
/// When they cannot be listed.
pub async fn finish_stalled(
    deps: &Deps,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Swept, Problem> {
    let mut swept = Swept::default();
    for upload in deps.store.stalled_uploads(now - STALLED, limit).await? {
        let id = upload.id;
        let by = By {
            actor: Some(upload.uploader),
            ..system(now)
        };
        match complete::finish(deps, upload, None, &by).await {
            Ok(_) => swept.done += 1,
            Err(problem) => swept.skip(id, &problem),
        }
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
    if let Some(s3_id) = &upload.s3_upload_id {
        deps.files.abort(&upload.key, s3_id).await?;
    }
    deps.files.delete(&upload.key).await?;
    previews::remove(&deps.files, &upload.key).await?;
    deps.store.upload_swept(upload.id, now).await?;
    Ok(())
}

impl Swept {
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
