//! The begin of uploads: S3, then one statement that decides and writes.

use domain::upload::{Checksum, Draft, State, Upload, refuse_by_declaration};
use domain::{BatchId, BlobId, UploadId};
use files::composite_of;
use futures_util::future::join_all;
use store::uploads::{Beginning, Begun, NewUpload};
use wire::problem::Code;
use wire::rest::files::FileView;
use wire::rest::upload_views::{SignedPartView, StartedView};
use wire::rest::uploads::Wanted;

use super::announce::announce;
use super::made::{self, made};
use super::refused::refused;
use super::{Deps, by, in_state, lives, places, progress, signed};
use crate::{Caller, Problem, clock};

/// Most parts that are signed with the answer.
const FIRST_PARTS: usize = 100;

/// How often another hand may be quicker before we give up; two tries settle every race.
const TRIES: usize = 3;

/// Begins an upload: everything is refused here that can be refused before a byte is sent, and the file's bytes are
/// reserved. The answer holds leave for the first parts.
///
/// S3 comes first and the row second: a crash in between leaves nothing but an empty multipart upload, which the
/// reaper finds, and holds no quota. Content that the caller can read already becomes a file in the same statement.
///
/// # Errors
/// `type_blocked`, `type_not_allowed`, `file_too_large`, `quota_exceeded`, `too_many_uploads`, `not_found`,
/// `forbidden`, `read_only`, `room_archived`, `uploads_off`, `name_taken`; `invalid` for a version of no file or no thread.
pub async fn begin(deps: &Deps, caller: &Caller, draft: Draft) -> Result<StartedView, Problem> {
    let mut new = prepare(deps, caller, None, &draft)?;
    let s3_id = deps.files.create_multipart(
        &new.upload.key,
        &new.upload.content_type,
        new.upload.checksum,
    );
    new.upload.s3_upload_id = Some(s3_id.await?);
    let mut begun = keep(deps, caller, None, std::slice::from_ref(&new)).await?;
    let begun = begun.pop();
    let begun = begun.ok_or_else(|| Problem::internal("a begin has no answer"))?;
    answer(deps, caller, &new, &draft, begun, FIRST_PARTS).await
}

/// The session that a draft becomes, pending, if files like it are taken at all.
pub(super) fn prepare(
    deps: &Deps,
    caller: &Caller,
    batch: Option<BatchId>,
    draft: &Draft,
) -> Result<NewUpload, Problem> {
    refuse_by_declaration(&draft.name, &draft.content_type).map_err(|blocked| {
        Problem::new(Code::TypeBlocked)
            .with_detail(blocked.to_string())
            .with("kind", blocked.kind)
    })?;
    let upload = pending(deps, caller, batch, draft);
    let known = identity(draft)
        .map(|identity| made(&upload, caller.client.at).map(|made| (identity, made)))
        .transpose()?;
    Ok(NewUpload {
        upload,
        content_type: draft.content_type.clone(),
        known,
        lines: [clock::id(), clock::id(), clock::id()],
    })
}

/// Writes new sessions down, each if it may be; what S3 began for the others is given up.
pub(super) async fn keep(
    deps: &Deps,
    caller: &Caller,
    batch: Option<BatchId>,
    new: &[NewUpload],
) -> Result<Vec<Begun>, Problem> {
    let beginning = Beginning {
        company: caller.company,
        user: caller.user,
        batch,
        max_sending: deps.config.max_sending,
        by: by(caller),
    };
    // When no answer comes it is not known what was written: what S3 began in vain, the reaper finds.
    let (begun, told) = deps.store.begin_uploads(&beginning, new).await?;
    let vain = new
        .iter()
        .zip(&begun)
        .filter(|(_, begun)| !matches!(begun, Begun::Sending))
        .filter_map(|(new, _)| new.upload.s3_upload_id.as_deref().map(|id| (new, id)));
    join_all(vain.map(|(new, id)| places::give_up(deps, &new.upload, id))).await;
    announce(&deps.live, caller.company, told).await;
    Ok(begun)
}

/// What a begin is answered with; the room hears of what was begun.
pub(super) async fn answer(
    deps: &Deps,
    caller: &Caller,
    new: &NewUpload,
    draft: &Draft,
    begun: Begun,
    most: usize,
) -> Result<StartedView, Problem> {
    let at = caller.client.at;
    match begun {
        Begun::Refused(refusal) => Err(refused(refusal, draft)),
        Begun::Known(file, happened) => {
            announce(&deps.live, caller.company, happened).await;
            Ok(StartedView {
                deduplicated: true,
                upload: None,
                file: Some(FileView::from(*file)),
                parts: Vec::new(),
            })
        }
        Begun::Waiting => {
            let upload = Upload {
                s3_upload_id: None,
                ..new.upload.clone()
            };
            Ok(started_view(upload, Vec::new()))
        }
        Begun::Sending => {
            let s3_id = new.upload.s3_upload_id.clone().unwrap_or_default();
            let upload = new.upload.clone().start(s3_id);
            let upload = upload.map_err(Problem::internal)?;
            let parts = first_parts(deps, caller, &upload, draft, most).await?;
            progress::announce_begin(deps, &upload, at).await;
            Ok(started_view(upload, parts))
        }
    }
}

/// The upload once S3 knows of it: a waiting one is started if a place is free, whoever comes by.
pub(super) async fn started(
    deps: &Deps,
    caller: &Caller,
    upload: Upload,
) -> Result<Upload, Problem> {
    let mut upload = upload;
    for _ in 0..TRIES {
        match upload.state {
            State::InProgress => return Ok(upload),
            State::Pending => {}
            state => return Err(in_state(state)),
        }
        let (company, uploader, id) = (upload.company, upload.uploader, upload.id);
        let got = places::start(deps, company, uploader, vec![upload], &by(caller)).await?;
        if let Some(upload) = got.into_iter().next() {
            return Ok(upload);
        }
        let again = deps.store.see_upload(company, uploader, id, None).await?;
        upload = again.ok_or(Code::NotFound)?.upload;
        if upload.state == State::Pending {
            let limit = deps.config.max_sending;
            return Err(Problem::new(Code::TooManyUploads).with("limit", limit));
        }
    }
    Err(in_state(upload.state))
}

fn started_view(upload: Upload, parts: Vec<SignedPartView>) -> StartedView {
    StartedView {
        deduplicated: false,
        upload: Some(upload.into()),
        file: None,
        parts,
    }
}

fn pending(deps: &Deps, caller: &Caller, batch: Option<BatchId>, draft: &Draft) -> Upload {
    let at = caller.client.at;
    let blob = BlobId(clock::id());
    Upload {
        company: caller.company,
        id: UploadId(clock::id()),
        room: draft.room,
        thread: draft.thread,
        batch,
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
        then: draft.then.clone(),
        replaces: draft.replaces,
        file: None,
        failure: None,
        created_at: at,
        last_activity_at: at,
        asked_at: None,
        expires_at: at + lives(&deps.config),
        ended_at: None,
    }
}

/// What the content of a draft will be known by, when the client told the checksums of all parts.
fn identity(draft: &Draft) -> Option<String> {
    // A new version is sent, whatever it holds: only its end makes it one.
    let whole =
        draft.replaces.is_none() && draft.part_checksums.len() == draft.plan.part_count as usize;
    (whole && draft.checksum == Checksum::Sha256).then(|| {
        let sum = composite_of(&draft.part_checksums);
        made::identity(&sum, draft.plan.size)
    })
}

async fn first_parts(
    deps: &Deps,
    caller: &Caller,
    upload: &Upload,
    draft: &Draft,
    most: usize,
) -> Result<Vec<SignedPartView>, Problem> {
    let wanted: Vec<Wanted> = match draft.checksum {
        Checksum::Sha256 => (1..)
            .zip(&draft.part_checksums)
            .take(most)
            .map(|(number, checksum)| (number, Some(*checksum)))
            .collect(),
        Checksum::None => (1..=upload.plan.part_count)
            .take(most)
            .map(|number| (number, None))
            .collect(),
    };
    signed(deps, caller, upload, &wanted).await
}
