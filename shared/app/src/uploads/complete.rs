//! The end of an upload that succeeds: all parts seen, joined by S3, verified, made a file.

use domain::file::File;
use domain::upload::{Checksum, State, Step, Upload};
use domain::{CompanyId, FileId, UploadId, UserId};
use files::{Object, StoredPart, composite};
use store::uploads::{By, Completion, Finished, Touch, Which};
use time::Duration;
use wire::problem::Code;

use super::announce::told;
use super::made::{identity, made};
use super::{Deps, barred, by, in_state, lives, missing, own, progress, see, sweep, version};
use crate::{Caller, Problem, clock};

/// How long S3 may take to join the parts of a huge object.
const PATIENCE: Duration = Duration::minutes(15);

/// What completing came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The file is there.
    Done(Box<File>),
    /// S3 is still joining the parts: ask again.
    Joining(Box<Upload>),
}

/// Finishes an upload. Safe to repeat after any failure, and at the same time: one upload makes one file. Two round
/// trips to Postgres: that it is wanted, and what it became.
///
/// # Errors
/// `upload_incomplete` with the missing parts; `upload_state`, `upload_failed`; `not_found`, `forbidden`, `read_only`,
/// `room_archived` for somebody who may not send (any more).
pub async fn complete(deps: &Deps, caller: &Caller, id: UploadId) -> Result<Outcome, Problem> {
    let touch = Touch {
        at: caller.client.at,
        lives: lives(&deps.config),
        at_most_every: Duration::ZERO,
        finish: true,
    };
    let seen = see(deps, caller, id, Some(touch)).await?;
    own(caller, &seen.upload)?;
    match seen.upload.state {
        State::Completed => return made_before(deps, &seen.upload, caller.user).await,
        State::Failed => return Err(Code::UploadFailed.into()),
        State::Cancelled | State::Expired => return Err(in_state(seen.upload.state)),
        State::Pending | State::InProgress | State::Completing => {}
    }
    seen.may_send().map_err(barred)?;
    finish(deps, seen.upload, &by(caller)).await
}

/// Takes an open session as far as it goes: what S3 has decides.
pub(super) async fn finish(deps: &Deps, upload: Upload, by: &By<'_>) -> Result<Outcome, Problem> {
    // Somebody else may be waiting for S3 at this moment: nothing is lost before that is over.
    let asked_at = upload.asked_at.unwrap_or(by.origin.at);
    let patient = by.origin.at - asked_at < PATIENCE;
    let before = match upload.state {
        // Somebody asked S3 before: the object may be there already.
        State::Completing => deps.files.head(&upload.key).await?,
        _ => None,
    };
    let mut upload = upload;
    let found = match before {
        Some(object) => Joined::Object(object),
        None => match list(deps, &upload).await? {
            Some(parts) => {
                let missing = missing(&upload, &parts);
                if !missing.is_empty() {
                    let missing = serde_json::to_value(missing).map_err(Problem::internal)?;
                    return Err(Problem::new(Code::UploadIncomplete).with("missing", missing));
                }
                upload.expected = match upload.checksum {
                    Checksum::Sha256 => composite(&parts),
                    Checksum::None => None,
                };
                joined(deps, &upload, &parts).await?
            }
            None => look(deps, &upload).await?,
        },
    };
    match found {
        Joined::Object(object) if fits(&upload, &object) => record(deps, upload, &object, by).await,
        Joined::Object(_) => fail(deps, upload, "the object is not what was planned", by).await,
        Joined::Lost if !patient => fail(deps, upload, "the storage lost the upload", by).await,
        Joined::Lost | Joined::Later => joining(deps, upload, by).await,
    }
}

/// S3 is at it: the session says so from here on, and whoever comes next goes on.
async fn joining(deps: &Deps, upload: Upload, by: &By<'_>) -> Result<Outcome, Problem> {
    let expected = upload.expected.as_deref();
    let joining = deps
        .store
        .join_upload(upload.company, upload.id, expected, by)
        .await?;
    if let Some(joining) = joining {
        return Ok(Outcome::Joining(Box::new(joining)));
    }
    // It ended meanwhile.
    let now = deps
        .store
        .see_upload(upload.company, upload.uploader, upload.id, None)
        .await?;
    let now = now.ok_or(Code::NotFound)?.upload;
    match now.state {
        State::Completed => made_before(deps, &now, now.uploader).await,
        State::Failed => Err(Code::UploadFailed.into()),
        state => Err(in_state(state)),
    }
}

/// What became of the parts.
enum Joined {
    /// They are one object.
    Object(Object),
    /// S3 is at it, or does not answer.
    Later,
    /// There are neither parts nor an object.
    Lost,
}

/// Asks S3 to join. Whatever it says but yes, the object is what counts.
async fn joined(deps: &Deps, upload: &Upload, parts: &[StoredPart]) -> Result<Joined, Problem> {
    let s3_id = upload.s3_upload_id.as_deref().unwrap_or_default();
    let asked = deps
        .files
        .complete(&upload.key, s3_id, &upload.plan, parts)
        .await;
    if let Err(error) = &asked {
        tracing::warn!(upload = %upload.id, error = ?error, "S3 did not say yes to joining");
    }
    if let Some(object) = deps.files.head(&upload.key).await? {
        return Ok(Joined::Object(object));
    }
    match asked {
        Err(files::Error::NoSuchUpload) => Ok(Joined::Lost),
        Ok(()) | Err(files::Error::Unavailable(_)) => Ok(Joined::Later),
        // A part changed since it was listed; the next call lists again.
        Err(files::Error::Refused { code, .. }) if code.starts_with("InvalidPart") => {
            Ok(Joined::Later)
        }
        Err(error) => Err(error.into()),
    }
}

/// The object once more: between the first look and the list somebody may have joined it.
async fn look(deps: &Deps, upload: &Upload) -> Result<Joined, Problem> {
    let object = deps.files.head(&upload.key).await?;
    Ok(object.map_or(Joined::Lost, Joined::Object))
}

/// The parts that S3 has: none of an upload that waits; `None` when it does not know the upload (any more).
async fn list(deps: &Deps, upload: &Upload) -> Result<Option<Vec<StoredPart>>, Problem> {
    let Some(s3_id) = upload.s3_upload_id.as_deref() else {
        return Ok(Some(Vec::new()));
    };
    match deps.files.list_parts(&upload.key, s3_id).await {
        Ok(parts) => Ok(Some(parts)),
        Err(files::Error::NoSuchUpload) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Size and checksum, as S3 computed them itself. The checksum counts the parts; when the parts were seen by this
/// call, it must be theirs.
fn fits(upload: &Upload, object: &Object) -> bool {
    let parts = format!("-{}", upload.plan.part_count);
    object.size == upload.plan.size
        && match upload.checksum {
            Checksum::Sha256 => object.sha256.as_ref().is_some_and(|sum| {
                sum.ends_with(&parts) && upload.expected.as_ref().is_none_or(|wanted| wanted == sum)
            }),
            Checksum::None => object.crc64.is_some(),
        }
}

/// Makes the verified object a file, with what follows it, and tells of it.
async fn record(
    deps: &Deps,
    upload: Upload,
    object: &Object,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    let at = by.origin.at;
    let sum = object.sha256.as_deref();
    let identity = sum
        .filter(|_| upload.checksum == Checksum::Sha256)
        .map(|sum| identity(sum, object.size));
    if let Some(file) = upload.replaces {
        let content = (object, identity.as_deref());
        return version::record(deps, upload, file, content, by).await;
    }
    let made = made(&upload, at)?;
    let done = Completion {
        made: &made,
        identity: identity.as_deref(),
        crc64: object.crc64.as_deref(),
        expected: sum,
        lines: [clock::id(), clock::id()],
    };
    match deps.store.complete_upload(&upload, &done, by).await? {
        Finished::New(became) => told(deps, upload, became, by).await,
        Finished::Already(file) => Ok(Outcome::Done(Box::new(file))),
        Finished::Ended(state) => {
            // It was given up while S3 joined it: nobody else knows of the object.
            deps.files.delete(&upload.key).await?;
            Err(in_state(state))
        }
        Finished::Refused => {
            let detail = "the uploader may not send to this room any more";
            Err(Problem::new(Code::Forbidden).with_detail(detail))
        }
    }
}

pub(super) async fn fail(
    deps: &Deps,
    upload: Upload,
    why: &str,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    let which = [upload.id];
    let which = Which::These(&which);
    let lines = [clock::id()];
    let ended = sweep::end(
        deps,
        upload.company,
        which,
        Step::Fail,
        Some(why),
        by,
        &lines,
    );
    for ended in ended.await? {
        progress::announce_failure(deps, &ended, by.origin.at).await;
    }
    Err(Problem::new(Code::UploadFailed).with_detail(why))
}

/// The file that a completed session became, as `user` finds it.
async fn made_before(deps: &Deps, upload: &Upload, user: UserId) -> Result<Outcome, Problem> {
    // A file that was removed for good is remembered by nobody.
    let id = upload.file.ok_or(Code::NotFound)?;
    file_of(deps, upload.company, user, id).await
}

/// A file as `user` finds it.
pub(super) async fn file_of(
    deps: &Deps,
    company: CompanyId,
    user: UserId,
    id: FileId,
) -> Result<Outcome, Problem> {
    let file = deps.store.file(company, user, id).await?;
    file.map(|found| Outcome::Done(Box::new(found.file)))
        .ok_or_else(|| Code::NotFound.into())
}
