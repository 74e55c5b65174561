//! The end of an upload that succeeds: all parts seen, joined by S3, verified, made a file.

use domain::file::File;
use domain::preview::Preview;
use domain::scan::ScanStatus;
use domain::upload::{Checksum, State, Step, Upload};
use domain::{CompanyId, FileId, UploadId, UserId};
use files::{Object, StoredPart, composite};
use serde_json::Value;
use store::uploads::{By, Completion, Finished};
use time::Duration;
use wire::event::Event;
use wire::problem::Code;
use wire::rest::files::FileView;

use super::{Deps, barred, by, in_state, missing, own, progress, see, sweep, version};
use crate::{Caller, Problem, clock, scans};

/// How long S3 may take to join the parts of a huge object.
const PATIENCE: Duration = Duration::minutes(15);

/// What completing came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The file is there.
    Done(File),
    /// S3 is still joining the parts: ask again.
    Joining(Upload),
}

/// Finishes an upload. Safe to repeat after any failure, and at the same time: one upload makes one file.
///
/// # Errors
/// `upload_incomplete` with the missing parts; `upload_state`, `upload_failed`; `not_found`, `forbidden`, `read_only`,
/// `room_archived` for somebody who may not send (any more).
pub async fn complete(deps: &Deps, caller: &Caller, id: UploadId) -> Result<Outcome, Problem> {
    let seen = see(deps, caller, id, None).await?;
    own(caller, &seen.upload)?;
    match seen.upload.state {
        State::Completed => return finished_before(deps, caller, &seen.upload).await,
        State::Failed => return Err(Code::UploadFailed.into()),
        State::Cancelled | State::Expired => return Err(in_state(seen.upload.state)),
        State::Pending | State::InProgress | State::Completing => {}
    }
    seen.may_send().map_err(barred)?;
    let by = by(caller);
    let (upload, parts) = match seen.upload.state {
        State::Completing => (seen.upload, None),
        _ => match join(deps, seen.upload, &by).await? {
            Some((upload, parts)) => (upload, Some(parts)),
            // Somebody else was quicker: go on from where they are.
            None => return Box::pin(complete(deps, caller, id)).await,
        },
    };
    finish(deps, upload, parts, &by).await
}

/// Takes a session that is completing to its end. `parts` are what is to be joined, when the caller has just seen them.
pub(super) async fn finish(
    deps: &Deps,
    upload: Upload,
    parts: Option<Vec<StoredPart>>,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    // Joining has a line in the audit log of its own.
    let by = &By {
        line: clock::id(),
        ..*by
    };
    // Somebody else may be waiting for S3 at this moment: nothing is lost before that is over.
    let patient = by.origin.at - upload.last_activity_at < PATIENCE;
    let object = match parts {
        Some(parts) => joined(deps, &upload, &parts).await?,
        // Somebody asked S3 before: the object may be there already.
        None => match deps.files.head(&upload.key).await? {
            Some(object) => Joined::Object(object),
            None => match list(deps, &upload).await? {
                Some(parts) => joined(deps, &upload, &parts).await?,
                None => look(deps, &upload).await?,
            },
        },
    };
    match object {
        Joined::Object(object) if fits(&upload, &object) => record(deps, upload, &object, by).await,
        Joined::Object(_) => fail(deps, upload, "the object is not what was planned", by).await,
        Joined::Lost if patient => Ok(Outcome::Joining(upload)),
        Joined::Lost => fail(deps, upload, "the storage lost the upload", by).await,
        Joined::Later => Ok(Outcome::Joining(upload)),
    }
}

/// Looks at what S3 has and, when it is whole, notes that it is to be joined. `None` when the session moved meanwhile.
async fn join(
    deps: &Deps,
    upload: Upload,
    by: &By<'_>,
) -> Result<Option<(Upload, Vec<StoredPart>)>, Problem> {
    let parts = match upload.s3_upload_id {
        Some(_) => list(deps, &upload).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    let missing = missing(&upload, &parts);
    if !missing.is_empty() {
        // An upload that another call has just joined has no parts either.
        let now = deps
            .store
            .see_upload(upload.company, upload.uploader, upload.id, None)
            .await?;
        if now.is_some_and(|now| now.upload.state != upload.state) {
            return Ok(None);
        }
        let missing = serde_json::to_value(missing).map_err(Problem::internal)?;
        return Err(Problem::new(Code::UploadIncomplete).with("missing", missing));
    }
    let expected = match upload.checksum {
        Checksum::Sha256 => composite(&parts),
        Checksum::None => None,
    };
    let joining = deps
        .store
        .join_upload(upload.company, upload.id, expected.as_deref(), by)
        .await?;
    Ok(joining.map(|upload| (upload, parts)))
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

/// The parts that S3 has; `None` when it does not know the upload.
async fn list(deps: &Deps, upload: &Upload) -> Result<Option<Vec<StoredPart>>, Problem> {
    let s3_id = upload.s3_upload_id.as_deref().unwrap_or_default();
    match deps.files.list_parts(&upload.key, s3_id).await {
        Ok(parts) => Ok(Some(parts)),
        Err(files::Error::NoSuchUpload) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Size and checksum, as S3 computed them itself.
fn fits(upload: &Upload, object: &Object) -> bool {
    object.size == upload.plan.size
        && match upload.checksum {
            Checksum::Sha256 => upload.expected.is_some() && object.sha256 == upload.expected,
            Checksum::None => object.crc64.is_some(),
        }
}

/// Makes the verified object a file and tells of it.
async fn record(
    deps: &Deps,
    upload: Upload,
    object: &Object,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    // The size stands beside the checksum because together they say the plan, and so what was hashed.
    let identity = match upload.checksum {
        Checksum::Sha256 => object
            .sha256
            .as_ref()
            .map(|sum| format!("{sum}/{}", object.size)),
        Checksum::None => None,
    };
    if let Some(file) = upload.replaces {
        let content = (object, identity.as_deref());
        return version::record(deps, upload, file, content, by).await;
    }
    let id = FileId(clock::id());
    let payload = payload(&upload, id, by)?;
    let done = Completion {
        file: id,
        identity: identity.as_deref(),
        crc64: object.crc64.as_deref(),
        payload: &payload,
    };
    match deps.store.complete_upload(&upload, &done, by).await? {
        Finished::New {
            file,
            payload,
            duplicate,
        } => {
            let event = created(&file, payload);
            index(deps, &file).await;
            progress::announce_end(deps, &upload, State::Completed, event, by.origin.at).await;
            if file.scan == ScanStatus::Infected {
                // The scanner was quicker than the file, and could tell nobody.
                let about = (upload.company, file.room, file.id);
                scans::warn(&deps.store, &deps.live, about, by.origin.at).await?;
            }
            if duplicate {
                sweep::tidy(deps, &upload, by.origin.at).await;
            }
            Ok(Outcome::Done(file))
        }
        Finished::Already(file) => Ok(Outcome::Done(file)),
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

fn created(file: &File, data: Value) -> Event {
    Event {
        kind: "file.created".to_owned(),
        room_id: Some(file.room),
        seq: Some(file.seq),
        at: file.created_at,
        actor: Some(file.uploader),
        data,
    }
}

fn payload(upload: &Upload, id: FileId, by: &By<'_>) -> Result<Value, Problem> {
    let view = FileView::from(File {
        id,
        room: upload.room,
        uploader: upload.uploader,
        upload: upload.id,
        name: upload.name.clone(),
        description: String::new(),
        metadata: None,
        content_type: upload.content_type.clone(),
        detected_type: None,
        size: upload.plan.size,
        status: domain::file::Status::Available,
        blocked_as: None,
        scan: ScanStatus::default(),
        preview: Preview::default(),
        version: 1,
        revision: 1,
        sent_by: upload.uploader,
        sent_at: by.origin.at,
        seq: 0,
        created_at: by.origin.at,
        deleted: None,
    });
    serde_json::to_value(view).map_err(Problem::internal)
}

pub(super) async fn fail(
    deps: &Deps,
    upload: Upload,
    why: &str,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    let ended = deps
        .store
        .end_upload(upload.company, upload.id, Step::Fail, Some(why), by)
        .await?;
    if let Some(ended) = ended {
        progress::announce_failure(deps, &ended, by.origin.at).await;
        sweep::tidy(deps, &ended, by.origin.at).await;
    }
    Err(Problem::new(Code::UploadFailed).with_detail(why))
}

/// Tells the search what a new file is called; when that fails, the reaper does.
async fn index(deps: &Deps, file: &File) {
    let names = [(file.id, file.name.clone())];
    if let Err(problem) = crate::files::note_names(&deps.store, &names).await {
        tracing::warn!(file = %file.id, error = ?problem.source, "found by its name a little later");
    }
}

async fn finished_before(
    deps: &Deps,
    caller: &Caller,
    upload: &Upload,
) -> Result<Outcome, Problem> {
    // A file that was removed for good is remembered by nobody.
    let id = upload.file.ok_or(Code::NotFound)?;
    file_of(deps, upload.company, caller.user, id).await
}

/// The file that an upload became, as `user` finds it.
pub(super) async fn file_of(
    deps: &Deps,
    company: CompanyId,
    user: UserId,
    id: FileId,
) -> Result<Outcome, Problem> {
    let file = deps.store.file(company, user, id).await?;
    file.map(|found| Outcome::Done(found.file))
        .ok_or_else(|| Code::NotFound.into())
}
