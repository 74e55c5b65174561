//! Malware: what a scanner found in the bucket (R-F6).

use domain::scan::ScanStatus;
use domain::{CompanyId, FileId, RoomId};
use live::Live;
use serde_json::json;
use store::{FileNews, Store};
use time::OffsetDateTime;
use wire::event::Event;

use crate::{Problem, clock, previews};

/// Tells the uploader of an infected file and the company's administrators in person, wherever they are.
pub(crate) async fn warn(
    store: &Store,
    live: &Live,
    (company, room, file): (CompanyId, RoomId, FileId),
    at: OffsetDateTime,
) -> Result<(), Problem> {
    tracing::warn!(%company, %file, "malware was found");
    let event = Event {
        kind: FileNews::Scan.event().to_owned(),
        room_id: Some(room),
        seq: None,
        at,
        actor: None,
        data: json!({ "file_id": file, "scan_status": ScanStatus::Infected }),
    };
    for user in store.concerned(company, file).await? {
        live.tell(company, user, std::slice::from_ref(&event)).await;
    }
    Ok(())
}

/// Takes down what a scan found at `at` about an object, and tells the rooms of its files. Safe to repeat, in any
/// order with other findings and with the completion of the upload.
///
/// # Errors
/// When a store does not answer: the event comes again.
pub async fn found(
    store: &Store,
    live: &Live,
    key: &str,
    finding: (ScanStatus, &[String]),
    at: OffsetDateTime,
) -> Result<(), Problem> {
    let Some(object) = store.object(key).await? else {
        return Ok(());
    };
    let line = clock::id();
    let keys = store.note_scan(&object, key, finding, at, line).await?;
    let now = clock::now();
    for key in keys {
        previews::tell(store, live, (object.company, &key), FileNews::Scan, now).await?;
    }
    Ok(())
}
