//! The begin of an upload: row, S3, row.

use domain::upload::{Draft, Refusal, State, Step, Upload, refuse_by_declaration};
use domain::{BlobId, UploadId};
use serde_json::json;
use store::uploads::{Begun, NewUpload};
use wire::problem::Code;
use wire::rest::upload_views::{SignedPartView, StartedView};
use wire::rest::uploads::Wanted;

use super::{Deps, barred, by, in_state, lives, progress, signed, version};
use crate::{Caller, Problem, clock};

/// Most parts that are signed with the answer.
const FIRST_PARTS: usize = 100;

/// How often another hand may be quicker before we give up; two tries settle every race.
const TRIES: usize = 3;

/// Begins an upload: everything is refused here that can be refused before a byte is sent, and the file's bytes are
/// reserved. The answer holds leave for the first parts.
///
/// A crash after the first row leaves a pending session: signing parts of it goes on from there.
///
/// # Errors
/// `type_blocked`, `type_not_allowed`, `file_too_large`, `quota_exceeded`, `too_many_uploads`, `not_found`,
/// `forbidden`, `read_only`, `room_archived`, `uploads_off`.
pub async fn begin(deps: &Deps, caller: &Caller, draft: Draft) -> Result<StartedView, Problem> {
    refuse_by_declaration(&draft.name, &draft.content_type).map_err(|blocked| {
        Problem::new(Code::TypeBlocked)
            .with_detail(blocked.to_string())
            .with("kind", blocked.kind)
    })?;
    let upload = pending(deps, caller, &draft);
    let new = NewUpload {
        upload: &upload,
        content_type: &draft.content_type,
        max_sending: deps.config.max_sending,
    };
    if let Begun::Refused(refusal) = deps.store.begin_upload(&new, &by(caller)).await? {
        return Err(refused(refusal, &draft));
    }
    if let Some(file) = draft.replaces {
        version::replaces(deps, caller, &upload, file).await?;
    }
    let id = upload.id;
    let upload = match started(deps, upload).await {
        Ok(upload) => upload,
        Err(problem) => {
            abandon(deps, caller, id).await;
            return Err(problem);
        }
    };
    let parts = first_parts(deps, caller, &upload, &draft).await?;
    progress::announce_begin(deps, &upload, caller.client.at).await;
    Ok(StartedView {
        upload: upload.into(),
        parts,
    })
}

/// The upload once S3 knows of it: a pending one is started, whoever comes by.
pub(super) async fn started(deps: &Deps, upload: Upload) -> Result<Upload, Problem> {
    let mut upload = upload;
    for _ in 0..TRIES {
        match upload.state {
            State::InProgress => return Ok(upload),
            State::Pending => {}
            state => return Err(in_state(state)),
        }
        let s3_id = deps
            .files
            .create_multipart(&upload.key, &upload.content_type, upload.checksum)
            .await?;
        let noted = deps
            .store
            .start_upload(upload.company, upload.id, &s3_id)
            .await;
        match noted {
            Ok(Some(upload)) => return Ok(upload),
            Ok(None) => deps.files.abort(&upload.key, &s3_id).await?,
            // Whether it was noted is not known: an unnoted multipart upload ends by the bucket's lifecycle rule.
            Err(error) => return Err(error.into()),
        }
        let again = deps
            .store
            .see_upload(upload.company, upload.uploader, upload.id, None)
            .await?;
        upload = again.ok_or(Code::NotFound)?.upload;
    }
    Err(in_state(upload.state))
}

/// The caller never learns of a session that could not be begun: it must not hold quota until it expires.
pub(super) async fn abandon(deps: &Deps, caller: &Caller, id: UploadId) {
    let why = Some("the storage did not begin it");
    let ended = deps
        .store
        .end_upload(caller.company, id, Step::Fail, why, &by(caller))
        .await;
    if let Err(error) = ended {
        tracing::warn!(upload = %id, error = ?error, "a session that was never begun expires by itself");
    }
}

fn pending(deps: &Deps, caller: &Caller, draft: &Draft) -> Upload {
    let at = caller.client.at;
    let blob = BlobId(clock::id());
    Upload {
        company: caller.company,
        id: UploadId(clock::id()),
        room: draft.room,
        uploader: caller.user,
        state: State::Pending,
        name: draft.name.as_str().to_owned(),
        content_type: draft.content_type.as_str().to_owned(),
        checksum: draft.checksum,
        plan: draft.plan,
        blob,
        key: format!("{}/{blob}", caller.company),
        s3_upload_id: None,
        expected: None,
        replaces: draft.replaces,
        file: None,
        failure: None,
        created_at: at,
        last_activity_at: at,
        expires_at: at + lives(&deps.config),
        ended_at: None,
    }
}

async fn first_parts(
    deps: &Deps,
    caller: &Caller,
    upload: &Upload,
    draft: &Draft,
) -> Result<Vec<SignedPartView>, Problem> {
    let wanted: Vec<Wanted> = match draft.checksum {
        domain::upload::Checksum::Sha256 => (1..)
            .zip(&draft.part_checksums)
            .take(FIRST_PARTS)
            .map(|(number, checksum)| (number, Some(*checksum)))
            .collect(),
        domain::upload::Checksum::None => (1..=upload.plan.part_count)
            .take(FIRST_PARTS)
            .map(|number| (number, None))
            .collect(),
    };
    signed(deps, caller, upload, &wanted).await
}

fn refused(refusal: Refusal, draft: &Draft) -> Problem {
    let size = draft.plan.size;
    match refusal {
        Refusal::NoRoom => Code::NotFound.into(),
        Refusal::Room(why) => barred(why),
        Refusal::UploadsOff => Code::UploadsOff.into(),
        Refusal::TypeNotAllowed => {
            Problem::new(Code::TypeNotAllowed).with("content_type", draft.content_type.essence())
        }
        Refusal::FileTooLarge { limit } => Problem::new(Code::FileTooLarge)
            .with("limit_bytes", limit)
            .with("size", size),
        Refusal::Quota(storage) => Problem::new(Code::QuotaExceeded)
            .with("scope", "company")
            .with("size", size)
            .with("limit_bytes", json!(storage.limit))
            .with("used_bytes", storage.used)
            .with("reserved_bytes", storage.reserved)
            .with("available_bytes", json!(storage.available())),
        Refusal::RoomQuota { limit, used } => Problem::new(Code::QuotaExceeded)
            .with("scope", "room")
            .with("size", size)
            .with("limit_bytes", limit)
            .with("used_bytes", used)
            .with("available_bytes", limit.saturating_sub(used)),
        Refusal::TooManySending { limit } => {
            Problem::new(Code::TooManyUploads).with("limit", limit)
        }
    }
}
