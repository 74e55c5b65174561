//! Places among those that send: whoever waits in a batch gets one when it is free.

use domain::upload::Upload;
use domain::{CompanyId, UserId};
use futures_util::future::join_all;
use store::uploads::{By, Start};

use super::{Deps, lives, progress};
use crate::{Problem, clock};

/// Starts those of a person's uploads that wait, as far as places are free. What fails is started by the next
/// signing, or by the reaper.
pub(super) async fn fill(deps: &Deps, company: CompanyId, user: UserId, by: &By<'_>) {
    let most = deps.config.max_sending;
    let filled = async {
        let waiting = deps.store.waiting_uploads(company, user, most).await?;
        start(deps, company, user, waiting, by).await
    };
    match filled.await {
        Ok(started) => {
            for upload in started {
                progress::announce_begin(deps, &upload, by.origin.at).await;
            }
        }
        Err(problem) => {
            tracing::warn!(user = %user, error = ?problem.source, "waiting uploads are started later");
        }
    }
}

/// Starts waiting uploads, in order, as far as places are free: S3 first, then the rows; what S3 began in vain is
/// given up. Answers those that got a place from here.
pub(super) async fn start(
    deps: &Deps,
    company: CompanyId,
    user: UserId,
    waiting: Vec<Upload>,
    by: &By<'_>,
) -> Result<Vec<Upload>, Problem> {
    let begun = join_all(waiting.iter().map(|upload| {
        let kind = &upload.content_type;
        deps.files
            .create_multipart(&upload.key, kind, upload.checksum)
    }));
    let (mut starts, mut failed) = (Vec::new(), None);
    for (upload, begun) in waiting.iter().zip(begun.await) {
        match begun {
            Ok(s3_upload_id) => starts.push(Start {
                id: upload.id,
                s3_upload_id,
                line: clock::id(),
            }),
            Err(error) => failed = Some(error),
        }
    }
    if let (true, Some(error)) = (starts.is_empty(), failed) {
        return Err(error.into());
    }
    if starts.is_empty() {
        return Ok(Vec::new());
    }
    let most = deps.config.max_sending;
    let expires_at = by.origin.at + lives(&deps.config);
    let started = deps
        .store
        .start_uploads(company, user, &starts, most, expires_at, by)
        .await?;
    let vain = starts
        .iter()
        .filter(|start| {
            !started
                .iter()
                .any(|up| up.s3_upload_id.as_deref() == Some(&*start.s3_upload_id))
        })
        .filter_map(|start| {
            let upload = waiting.iter().find(|upload| upload.id == start.id)?;
            Some(give_up(deps, upload, &start.s3_upload_id))
        });
    join_all(vain).await;
    Ok(started)
}

/// Ends a multipart upload that no row knows; one that stays is found by the reaper.
pub(super) async fn give_up(deps: &Deps, upload: &Upload, s3_id: &str) {
    if let Err(error) = deps.files.abort(&upload.key, s3_id).await {
        tracing::warn!(
            upload = %upload.id, error = ?error,
            "a multipart upload that was begun in vain stays for a while"
        );
    }
}
