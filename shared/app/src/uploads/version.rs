//! Uploads that are new versions of a file.

use domain::FileId;
use domain::upload::Upload;
use files::Object;
use store::uploads::{By, NewVersion, Versioned};
use wire::problem::Code;

use super::announce::told;
use super::complete::{Outcome, fail, file_of};
use super::{Deps, in_state};
use crate::{Problem, clock};

/// Makes the verified object today's content of its file and tells every room that shows it.
pub(super) async fn record(
    deps: &Deps,
    upload: Upload,
    file: FileId,
    (object, identity): (&Object, Option<&str>),
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    let new = NewVersion {
        file,
        identity,
        crc64: object.crc64.as_deref(),
        expected: object.sha256.as_deref(),
        lines: [clock::id(), clock::id()],
    };
    match deps.store.complete_version(&upload, &new, by).await? {
        Versioned::New(became) => told(deps, upload, *became, by).await,
        Versioned::Already => file_of(deps, upload.company, upload.uploader, file).await,
        Versioned::Ended(state) => {
            // It was given up while S3 joined it: nobody else knows of the object.
            deps.files.delete(&upload.key).await?;
            Err(in_state(state))
        }
        Versioned::Refused => {
            let detail = "the uploader may not send to this room any more";
            Err(Problem::new(Code::Forbidden).with_detail(detail))
        }
        Versioned::Gone => {
            let why = "the file that it is a version of is not there any more";
            fail(deps, upload, why, by).await
        }
    }
}
