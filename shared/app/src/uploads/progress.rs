//! How people see an upload move: hints from the uploader, the truth from S3, one event a second.

use domain::UploadId;
use domain::upload::{Progress, Sample, State, Upload, progress};
use files::StoredPart;
use live::Live;
use store::Store;
use store::uploads::Touch;
use time::{Duration, OffsetDateTime};
use wire::event::Event;
use wire::problem::{Code, FieldError};
use wire::rest::upload_views::{ProgressEvent, ProgressView, UploadView};

use super::{Deps, lives, sendable};
use crate::{Caller, Problem, config};

/// Most parts that one hint may name: the one in the path and a thousand in the body.
const MAX_HINTED: usize = 1_001;

/// How often hints keep a session alive: more would only be writes.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// Takes the uploader's word that parts are there and shows it, at most once a second.
///
/// Nothing but what people see depends on it: S3 is asked before a file is made.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`, `upload_state`; `invalid` for parts that the plan lacks.
pub async fn part_done(
    store: &Store,
    live: &Live,
    caller: &Caller,
    config: &config::Uploads,
    id: UploadId,
    parts: &[u32],
) -> Result<(), Problem> {
    let touch = Touch {
        at: caller.client.at,
        lives: lives(config),
        at_most_every: TOUCH_EVERY,
        finish: false,
    };
    let seen = store
        .see_upload(caller.company, caller.user, id, Some(touch))
        .await?;
    let upload = sendable(caller, seen.ok_or(Code::NotFound)?)?;
    if parts.len() > MAX_HINTED || parts.iter().any(|part| upload.plan.part(*part).is_none()) {
        let why = format!(
            "at most {MAX_HINTED} numbers from 1 to {}",
            upload.plan.part_count
        );
        return Err(Problem::invalid(vec![FieldError::new(
            "parts",
            "out_of_range",
            why,
        )]));
    }
    match live.hint_parts(id, upload.plan.part_count, parts).await {
        Ok(hinted) if hinted.due => {
            let bytes = upload.plan.bytes_of(hinted.parts, hinted.with_last);
            let before = hinted.shown.unwrap_or_else(|| beginning(&upload));
            let (shown, sample) = progress(before, bytes, upload.plan.size, hinted.at);
            keep(live, id, &sample).await;
            announce(live, &upload, shown.into(), caller.client.at).await;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(upload = %id, error = %error, "no progress is shown: Redis does not answer");
        }
    }
    Ok(())
}

/// How far an upload is by what S3 has; hints start over from there.
pub(super) async fn true_progress(
    deps: &Deps,
    upload: &Upload,
    parts: &[StoredPart],
    whole: bool,
    at: OffsetDateTime,
) -> Progress {
    if whole {
        return finished(upload);
    }
    let numbers: Vec<u32> = parts.iter().map(|part| part.number).collect();
    let bytes = parts.iter().map(|part| part.size).sum();
    let before = match (upload.state, deps.live.set_parts(upload.id, &numbers)) {
        (State::InProgress, setting) => setting.await.unwrap_or_else(|error| {
            tracing::warn!(upload = %upload.id, error = %error, "hints are not put right: Redis does not answer");
            None
        }),
        _ => None,
    };
    let before = before.unwrap_or_else(|| beginning(upload));
    let (mut shown, _) = progress(before, bytes, upload.plan.size, at);
    // Between two samples nothing may have come: the last speed is the better guess.
    if let Some(speed) = before.bytes_per_s.filter(|_| bytes <= before.bytes) {
        shown = at_speed(shown, speed);
    }
    shown
}

/// Tells the room that something comes.
pub(super) async fn announce_begin(deps: &Deps, upload: &Upload, at: OffsetDateTime) {
    let (shown, _) = progress(beginning(upload), 0, upload.plan.size, at);
    announce(&deps.live, upload, shown.into(), at).await;
}

/// Tells the room and the uploader that an upload is whole, exactly.
pub(super) async fn announce_end(deps: &Deps, upload: &Upload, at: OffsetDateTime) {
    tokio::join!(
        announce(&deps.live, upload, finished(upload).into(), at),
        forget(deps, upload.id),
    );
}

/// Tells the room that nothing more comes.
pub(super) async fn announce_given_up(deps: &Deps, upload: &Upload, at: OffsetDateTime) {
    let (shown, _) = progress(beginning(upload), 0, upload.plan.size, at);
    announce(&deps.live, upload, shown.into(), at).await;
    forget(deps, upload.id).await;
}

/// Tells the uploader's devices why it failed.
pub(super) async fn announce_failure(deps: &Deps, upload: &Upload, at: OffsetDateTime) {
    let told = serde_json::to_value(UploadView::from(upload.clone())).map(|data| Event {
        kind: "upload.failed".to_owned(),
        room_id: Some(upload.room),
        seq: None,
        at,
        actor: None,
        data,
    });
    match told {
        Ok(event) => {
            deps.live
                .tell(upload.company, upload.uploader, &[event])
                .await;
        }
        Err(error) => tracing::error!(error = %error, "an upload cannot be written as JSON"),
    }
}

async fn announce(live: &Live, upload: &Upload, shown: ProgressView, at: OffsetDateTime) {
    if let Some(event) = event(upload, shown, at) {
        live.show(upload.company, upload.room, upload.uploader, &[event])
            .await;
    }
}

/// `upload.progress`: nobody's history, so it has no number.
fn event(upload: &Upload, shown: ProgressView, at: OffsetDateTime) -> Option<Event> {
    let data = ProgressEvent {
        upload_id: upload.id,
        name: upload.name.clone(),
        state: upload.state.into(),
        progress: shown,
    };
    match serde_json::to_value(data) {
        Ok(data) => Some(Event {
            kind: "upload.progress".to_owned(),
            room_id: Some(upload.room),
            seq: None,
            at,
            actor: Some(upload.uploader),
            data,
        }),
        Err(error) => {
            tracing::error!(error = %error, "progress cannot be written as JSON");
            None
        }
    }
}

/// Before anything was seen of it.
fn beginning(upload: &Upload) -> Sample {
    Sample {
        at: upload.created_at,
        bytes: 0,
        bytes_per_s: None,
    }
}

fn finished(upload: &Upload) -> Progress {
    Progress {
        bytes: upload.plan.size,
        total: upload.plan.size,
        percent: 100.0,
        bytes_per_s: 0,
        eta_s: Some(0),
    }
}

fn at_speed(shown: Progress, speed: f64) -> Progress {
    let second = Duration::seconds(1);
    let before = Sample {
        at: OffsetDateTime::UNIX_EPOCH,
        bytes: shown.bytes,
        bytes_per_s: Some(speed),
    };
    let (_, slower) = progress(
        before,
        shown.bytes,
        shown.total,
        OffsetDateTime::UNIX_EPOCH + second,
    );
    let ahead = Sample {
        bytes_per_s: slower.bytes_per_s,
        ..before
    };
    progress(
        ahead,
        shown.bytes,
        shown.total,
        OffsetDateTime::UNIX_EPOCH + second,
    )
    .0
}

async fn keep(live: &Live, id: UploadId, sample: &Sample) {
    if let Err(error) = live.keep_sample(id, sample).await {
        tracing::warn!(upload = %id, error = %error, "a sample is not kept: Redis does not answer");
    }
}

async fn forget(deps: &Deps, id: UploadId) {
    if let Err(error) = deps.live.forget_parts(id).await {
        tracing::warn!(upload = %id, error = %error, "hints are not forgotten: Redis does not answer");
    }
}
