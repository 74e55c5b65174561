//! Uploads that are new versions of a file.

use domain::FileId;
use domain::upload::{State, Upload};
use files::Object;
use store::uploads::{By, NewVersion, Versioned};
use wire::event::Event;
use wire::problem::{Code, FieldError};

use super::complete::{Outcome, fail, file_of};
use super::{Deps, begin, in_state, progress, sweep};
use crate::{Caller, Problem, clock};

/// Says what an upload that has just begun is a version of; gives it up when there is no such file.
pub(super) async fn replaces(
    deps: &Deps,
    caller: &Caller,
    upload: &Upload,
    file: FileId,
) -> Result<(), Problem> {
    let noted = deps
        .store
        .upload_replaces(caller.company, caller.user, upload.id, file)
        .await;
    match noted {
        Ok(true) => Ok(()),
        noted => {
            begin::abandon(deps, caller, upload.id).await;
            noted?;
            let detail = "there is no such file in this room";
            Err(Problem::invalid(vec![FieldError::new(
                "file_id",
                "not_found",
                detail,
            )]))
        }
    }
}

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
        line: clock::id(),
    };
    match deps.store.complete_version(&upload, &new, by).await? {
        Versioned::New {
            file,
            event,
            duplicate,
        } => {
            for (room, seq) in event.places {
                let event = Event {
                    kind: event.kind.to_owned(),
                    room_id: Some(room),
                    seq: Some(seq),
                    at: by.origin.at,
                    actor: Some(upload.uploader),
                    data: event.data.clone(),
                };
                if room == upload.room {
                    progress::announce_end(deps, &upload, State::Completed, event, by.origin.at)
                        .await;
                } else {
                    deps.live.announce(upload.company, room, &[event]).await;
                }
            }
            if duplicate {
                sweep::tidy(deps, &upload, by.origin.at).await;
            }
            Ok(Outcome::Done(*file))
        }
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
            fail(
                deps,
                upload,
                "the file that it is a version of is not there any more",
                by,
            )
            .await
        }
    }
}
