//! The parts of an upload that need not be sent (again).

use domain::UploadId;
use domain::upload::{State, Upload};
use files::StoredPart;

use super::{Deps, in_state, see};
use crate::{Caller, Problem};

/// What a part is called once it is joined with the others and S3 lists it no more.
const JOINED: &str = "\"joined\"";

/// Every part that is there with the length that the plan gives it, in order. Once S3 joins them, these are all.
///
/// # Errors
/// `not_found`; `upload_state` for an upload that ended without a file.
pub async fn parts(deps: &Deps, caller: &Caller, id: UploadId) -> Result<Vec<StoredPart>, Problem> {
    let upload = see(deps, caller, id, None).await?.upload;
    match upload.state {
        State::Pending | State::InProgress => {
            let parts = listed(deps, &upload).await?.into_iter();
            Ok(parts.filter(|part| is_planned(&upload, part)).collect())
        }
        State::Completing | State::Completed => {
            let joined = upload.plan.parts().map(|part| StoredPart {
                number: part.number,
                size: part.length,
                etag: JOINED.to_owned(),
                sha256: None,
            });
            Ok(joined.collect())
        }
        state => Err(in_state(state)),
    }
}

/// What S3 lists of an upload that takes parts; nothing when it does not know it.
pub(super) async fn listed(deps: &Deps, upload: &Upload) -> Result<Vec<StoredPart>, Problem> {
    match (&upload.s3_upload_id, upload.state) {
        (Some(s3_id), State::InProgress) => match deps.files.list_parts(&upload.key, s3_id).await {
            Err(files::Error::NoSuchUpload) => Ok(Vec::new()),
            parts => Ok(parts?),
        },
        _ => Ok(Vec::new()),
    }
}

/// Whether it has the length that the plan gives it.
pub(super) fn is_planned(upload: &Upload, part: &StoredPart) -> bool {
    let planned = upload.plan.part(part.number);
    planned.is_some_and(|planned| planned.length == part.size)
}
