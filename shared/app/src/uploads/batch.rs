//! Batches: many uploads begun, seen and given up as one.

use domain::BatchId;
use domain::upload::{State, Step, Upload, together};
use futures_util::future::join_all;
use store::uploads::{NewUpload, Which};
use wire::problem::{Code, Language};
use wire::rest::upload_batches::{
    BatchItem, BatchResultView, BatchView, MAX_BATCH, StartedBatchView,
};
use wire::rest::upload_views::StartedView;

use super::{Deps, begin, by, parts, progress, sweep};
use crate::{Caller, Problem, clock};

/// Most parts of one file that are signed with the answer.
const FIRST_PARTS: usize = 20;

/// Begins a batch, each file for itself: one that is refused does not keep the others back. As many as have places are
/// begun in S3 and may be sent; the others wait, with their bytes reserved.
///
/// # Errors
/// When a store does not answer. What is wrong with a file is told in its place.
pub async fn begin_batch(
    deps: &Deps,
    caller: &Caller,
    items: Vec<BatchItem>,
    language: Language,
) -> Result<StartedBatchView, Problem> {
    let batch = BatchId(clock::id());
    let mut prepared = Vec::with_capacity(items.len());
    for item in items {
        prepared.push(item.map_err(Problem::from).and_then(|draft| {
            let new = begin::prepare(deps, caller, Some(batch), &draft)?;
            Ok((draft, new))
        }));
    }
    let mut new: Vec<NewUpload> = prepared
        .iter()
        .filter_map(|item| item.as_ref().ok().map(|(_, new)| new.clone()))
        .collect();
    begun_in_s3(deps, &mut new).await;
    let begun = begin::keep(deps, caller, Some(batch), &new).await?;
    let mut begun = new.into_iter().zip(begun);
    let mut answers = Vec::with_capacity(prepared.len());
    for item in prepared {
        let next = item.and_then(|(draft, _)| {
            let next = begun.next();
            let (new, begun) = next.ok_or_else(|| Problem::internal("a begin has no answer"))?;
            Ok((draft, new, begun))
        });
        answers.push(async {
            let (draft, new, begun) = next?;
            begin::answer(deps, caller, &new, &draft, begun, FIRST_PARTS).await
        });
    }
    let request = &caller.client.request_id;
    let results = join_all(answers).await.into_iter();
    Ok(StartedBatchView {
        batch_id: batch,
        results: results
            .map(|answer| result(answer, request, language))
            .collect(),
    })
}

/// A batch of the caller's, with one progress over all; S3 is asked for what is on its way.
///
/// # Errors
/// `not_found`.
pub async fn get_batch(deps: &Deps, caller: &Caller, id: BatchId) -> Result<BatchView, Problem> {
    let batch = deps.store.upload_batch(caller.company, caller.user, id);
    let batch = batch.await?.ok_or(Code::NotFound)?;
    let counted = batch
        .uploads
        .iter()
        .filter(|upload| upload.state.is_open() || upload.state == State::Completed);
    let seen = join_all(counted.map(|upload| async {
        let parts = parts::listed(deps, upload).await?;
        let whole = matches!(upload.state, State::Completing | State::Completed);
        Ok::<_, Problem>(
            progress::true_progress(deps, upload, &parts, whole, caller.client.at).await,
        )
    }));
    let seen: Vec<_> = seen.await.into_iter().collect::<Result<_, _>>()?;
    let count = |states: &[State]| {
        let found = batch.uploads.iter();
        let found = found.filter(|upload| states.contains(&upload.state));
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    Ok(BatchView {
        id,
        created_at: batch.created_at,
        progress: together(seen).into(),
        waiting: count(&[State::Pending]),
        sending: count(&[State::InProgress, State::Completing]),
        completed: count(&[State::Completed]),
        ended: count(&[State::Failed, State::Cancelled, State::Expired]),
        uploads: batch.uploads.into_iter().map(Into::into).collect(),
    })
}

/// Gives up everything of a batch that is still open. Giving it up again is fine.
///
/// # Errors
/// `not_found`.
pub async fn cancel_batch(deps: &Deps, caller: &Caller, id: BatchId) -> Result<(), Problem> {
    let which = Which::Batch(id, caller.user);
    let lines: Vec<_> = (0..MAX_BATCH).map(|_| clock::id()).collect();
    let by = by(caller);
    let ended = sweep::end(deps, caller.company, which, Step::Cancel, None, &by, &lines);
    if ended.await?.is_empty() {
        // Nothing was open: was it there at all?
        let batch = deps.store.upload_batch(caller.company, caller.user, id);
        batch.await?.ok_or(Code::NotFound)?;
    }
    Ok(())
}

/// Has S3 begin the first ones, as many as may be sending: which of them have places is decided later. Where S3 fails,
/// they wait.
async fn begun_in_s3(deps: &Deps, new: &mut [NewUpload]) {
    let places = usize::try_from(deps.config.max_sending).unwrap_or(usize::MAX);
    let first = new.iter().take(places).map(|new| {
        let Upload {
            key,
            content_type,
            checksum,
            ..
        } = &new.upload;
        deps.files.create_multipart(key, content_type, *checksum)
    });
    let begun = join_all(first).await;
    for (new, begun) in new.iter_mut().zip(begun) {
        match begun {
            Ok(s3_id) => new.upload.s3_upload_id = Some(s3_id),
            Err(error) => {
                tracing::warn!(upload = %new.upload.id, error = ?error, "S3 did not begin it: it waits");
            }
        }
    }
}

fn result(
    answer: Result<StartedView, Problem>,
    request_id: &str,
    language: Language,
) -> BatchResultView {
    match answer {
        Ok(started) => BatchResultView {
            started: Some(started),
            problem: None,
        },
        Err(problem) => {
            if let Some(source) = &problem.source {
                tracing::error!(code = problem.code.as_str(), error = ?source, "a file of a batch failed");
            }
            BatchResultView {
                started: None,
                problem: Some(problem.body(request_id, language)),
            }
        }
    }
}
