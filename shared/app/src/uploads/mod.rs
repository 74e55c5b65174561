//! Uploads: planned, signed, checked and recorded here; the bytes go from the client to S3.
//!
//! A session is begun in S3 first and written second: a crash in between holds no quota. It is finished in S3 first and
//! made a file second: whoever finds it half way looks at S3 and goes on.

mod announce;
mod batch;
mod begin;
mod complete;
mod made;
mod parts;
mod places;
mod progress;
mod refused;
mod sweep;
mod upkeep;
mod usage;
mod version;

use domain::UploadId;
use domain::room::Refusal as RoomRefusal;
use domain::upload::{Checksum, Seen, State, Upload, missing_ranges};
use files::{Files, StoredPart};
use live::Live;
use serde_json::json;
use store::Store;
use store::uploads::{By, Filter, Touch};
use time::Duration;
use wire::problem::{Code, FieldError};
use wire::rest::page::Page;
use wire::rest::upload_list::UploadsWanted;
use wire::rest::upload_views::{PartView, RangeView, SignedPartView, UploadDetailView};
use wire::rest::uploads::Wanted;

use crate::{Caller, Problem, clock, config};

pub use batch::{begin_batch, cancel_batch, get_batch};
pub use begin::begin;
pub use complete::{Outcome, complete};
pub use parts::parts;
pub use progress::part_done;
pub use sweep::{Swept, cancel, expire, fill_places, finish_stalled, sweep};
pub use upkeep::{Compared, abort_vain, compare, reconcile, remove_orphans};
pub use usage::storage;

/// Everything that uploads need.
#[derive(Clone)]
pub struct Deps {
    /// Sessions, files, quota.
    pub store: Store,
    /// Who hears of it.
    pub live: Live,
    /// The bucket.
    pub files: Files,
    /// What an operator may tune.
    pub config: config::Uploads,
}

/// Most parts that one look at an upload shows.
const SHOWN_PARTS: usize = 1_000;

/// An upload with what S3 has of it; behind `after`, when there are more parts than one answer shows.
///
/// # Errors
/// `not_found`.
pub async fn get(
    deps: &Deps,
    caller: &Caller,
    id: UploadId,
    after: Option<u32>,
) -> Result<UploadDetailView, Problem> {
    let seen = see(deps, caller, id, None).await?;
    let upload = seen.upload;
    let parts = parts::listed(deps, &upload).await?;
    let whole = matches!(upload.state, State::Completing | State::Completed);
    let shown = progress::true_progress(deps, &upload, &parts, whole, caller.client.at).await;
    let missing = match whole {
        true => Vec::new(),
        false => missing(&upload, &parts),
    };
    let mut pages = parts
        .iter()
        .filter(|part| after.is_none_or(|after| part.number > after))
        .map(part_view);
    let page: Vec<PartView> = pages.by_ref().take(SHOWN_PARTS).collect();
    let next_parts_after = pages.next().and(page.last()).map(|last| last.number);
    Ok(UploadDetailView {
        upload: upload.into(),
        progress: shown.into(),
        missing,
        parts: page,
        next_parts_after,
    })
}

/// My uploads, or those of a room that I am in, newest first.
///
/// # Errors
/// `not_found` for a room that the caller is not in.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
    (room, states, before, limit): UploadsWanted,
) -> Result<Page<Upload>, Problem> {
    let filter = Filter {
        room,
        states: &states,
        before,
        limit: limit + 1,
    };
    let found = deps
        .store
        .uploads(caller.company, caller.user, filter)
        .await?;
    let found = found.ok_or(Code::NotFound)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Page::cut(found, limit, |upload| upload.id))
}

/// Signs parts; keeps the session alive. Signing one again is free.
///
/// # Errors
/// `not_found`; `forbidden`, `read_only`, `room_archived` for somebody who may not send (any more);
/// `upload_state` when S3 takes no parts of it; `invalid` for parts that the plan does not have.
pub async fn sign(
    deps: &Deps,
    caller: &Caller,
    id: UploadId,
    wanted: &[Wanted],
) -> Result<Vec<SignedPartView>, Problem> {
    let touch = Touch {
        at: caller.client.at,
        lives: lives(&deps.config),
        at_most_every: Duration::ZERO,
        finish: false,
    };
    let seen = see(deps, caller, id, Some(touch)).await?;
    let upload = sendable(caller, seen)?;
    let errors = misfits(&upload, wanted);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let upload = begin::started(deps, caller, upload).await?;
    signed(deps, caller, &upload, wanted).await
}

/// Leave to send `wanted` parts, which fit the plan, of an upload that S3 knows.
async fn signed(
    deps: &Deps,
    caller: &Caller,
    upload: &Upload,
    wanted: &[Wanted],
) -> Result<Vec<SignedPartView>, Problem> {
    let s3_id = upload
        .s3_upload_id
        .as_deref()
        .ok_or_else(|| in_state(upload.state))?;
    let signer = deps
        .files
        .signer(caller.client.at, deps.config.part_url_s)
        .await?;
    let parts = wanted.iter().filter_map(|(number, checksum)| {
        let part = upload.plan.part(*number)?;
        let signed = signer.part(&upload.key, s3_id, part, checksum.as_ref());
        Some(SignedPartView::new(
            part,
            signed.url,
            signed.headers,
            signed.expires_at,
        ))
    });
    Ok(parts.collect())
}

/// An upload as the caller finds it.
async fn see(
    deps: &Deps,
    caller: &Caller,
    id: UploadId,
    touch: Option<Touch>,
) -> Result<Seen, Problem> {
    let seen = deps
        .store
        .see_upload(caller.company, caller.user, id, touch)
        .await?;
    seen.ok_or_else(|| Code::NotFound.into())
}

/// The upload, if it is the caller's, they may still send to its room, and S3 takes parts of it.
fn sendable(caller: &Caller, seen: Seen) -> Result<Upload, Problem> {
    own(caller, &seen.upload)?;
    match seen.upload.state {
        State::Pending | State::InProgress => {}
        state => return Err(in_state(state)),
    }
    seen.may_send().map_err(barred)?;
    Ok(seen.upload)
}

/// Only who began an upload may do something with it.
fn own(caller: &Caller, upload: &Upload) -> Result<(), Problem> {
    if upload.uploader == caller.user {
        Ok(())
    } else {
        Err(Problem::new(Code::Forbidden).with_detail("only its uploader may do this"))
    }
}

/// Parts that the plan does not have, and checksums that are missing or too many.
fn misfits(upload: &Upload, wanted: &[Wanted]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, (number, checksum)) in wanted.iter().enumerate() {
        if upload.plan.part(*number).is_none() {
            let why = format!("the upload has parts 1 to {}", upload.plan.part_count);
            errors.push(FieldError::new(
                format!("parts[{index}].number"),
                "out_of_range",
                why,
            ));
        }
        let (code, why) = match (upload.checksum, checksum) {
            (Checksum::Sha256, None) => {
                ("required", "this upload was begun with `checksum: sha256`")
            }
            (Checksum::None, Some(_)) => (
                "not_expected",
                "this upload was begun with `checksum: none`",
            ),
            _ => continue,
        };
        errors.push(FieldError::new(
            format!("parts[{index}].checksum"),
            code,
            why,
        ));
    }
    errors
}

/// Ranges of parts that are not there, or not with the length that the plan gives them.
fn missing(upload: &Upload, parts: &[StoredPart]) -> Vec<RangeView> {
    let good = parts
        .iter()
        .filter(|part| parts::is_planned(upload, part))
        .map(|part| part.number);
    missing_ranges(upload.plan.part_count, good)
        .into_iter()
        .map(|(from, to)| RangeView { from, to })
        .collect()
}

fn part_view(part: &StoredPart) -> PartView {
    PartView {
        number: part.number,
        size: part.size,
        checksum: part.sha256.clone(),
    }
}

fn lives(config: &config::Uploads) -> Duration {
    Duration::seconds(i64::from(config.resumable_s))
}

/// The state does not allow it.
fn in_state(state: State) -> Problem {
    Problem::new(Code::UploadState).with("state", json!(state.as_str()))
}

/// The room does not allow it.
fn barred(refusal: RoomRefusal) -> Problem {
    match refusal {
        RoomRefusal::ReadOnly => Code::ReadOnly.into(),
        RoomRefusal::Archived => Code::RoomArchived.into(),
        other => Problem::new(Code::Forbidden).with_detail(other.to_string()),
    }
}

/// The caller, as the audit log keeps it.
pub(crate) fn by(caller: &Caller) -> By<'_> {
    By {
        actor: Some(caller.user),
        origin: caller.client.origin(),
        line: clock::id(),
    }
}
