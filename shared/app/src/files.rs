//! Files: listed, looked at, downloaded; and what inspection does to them.

use domain::file::File;
use domain::upload::{ContentType, detect, may_show_inline, refuse_by_content};
use domain::{FileId, RoomId};
use files::{Disposition, Files, content_disposition};
use live::Live;
use store::{Finding, Store};
use time::{Duration, OffsetDateTime};
use wire::event::Event;
use wire::problem::Code;
use wire::rest::files::{DownloadQuery, DownloadView};
use wire::rest::page::Page;

use crate::previews::refuse_unsafe;
use crate::uploads::by;
use crate::{Caller, Problem, clock};

/// How many first bytes of an object are looked at.
const HEAD: u32 = 4_096;

/// Files of a room, or of all rooms that the caller is in, newest first.
///
/// # Errors
/// `not_found` for a room that the caller may not read.
pub async fn list(
    store: &Store,
    caller: &Caller,
    (room, before, limit): (Option<RoomId>, Option<FileId>, i64),
) -> Result<Page<File>, Problem> {
    let found = store
        .files(caller.company, caller.user, room, before, limit + 1)
        .await?;
    let found = found.ok_or(Code::NotFound)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Page::cut(found, limit, |file| file.id))
}

/// One file.
///
/// # Errors
/// `not_found`, also when its room is none that the caller may read.
pub async fn get(store: &Store, caller: &Caller, id: FileId) -> Result<File, Problem> {
    let file = store.file(caller.company, caller.user, id).await?;
    file.ok_or_else(|| Code::NotFound.into())
}

/// Where the caller can download a file for a while; who downloads is written into the audit log.
///
/// # Errors
/// `not_found`; `file_quarantined`, `file_infected`.
pub async fn download(
    store: &Store,
    files: &Files,
    caller: &Caller,
    id: FileId,
    asked: &DownloadQuery,
    usual_s: u32,
) -> Result<DownloadView, Problem> {
    let found = store
        .download(caller.company, caller.user, id, &by(caller))
        .await?;
    let (file, key) = found.ok_or(Code::NotFound)?;
    refuse_unsafe(&file)?;
    let showable = ContentType::parse(&file.content_type)
        .is_ok_and(|declared| may_show_inline(&declared, file.detected_type.as_deref()));
    let disposition = match asked.inline && showable {
        true => Disposition::Inline,
        false => Disposition::Attachment,
    };
    let life = asked.expires_in_s.unwrap_or(usual_s);
    let signer = files.signer(caller.client.at, life).await?;
    let disposition = content_disposition(disposition, &file.name);
    Ok(DownloadView {
        url: signer.get(&key, &disposition, &file.content_type),
        expires_at: caller.client.at + Duration::seconds(i64::from(life)),
    })
}

/// Looks at the first bytes of a new object: what a system would run goes into quarantine. Safe to repeat, in any
/// order with the completion of its upload. Answers whether the object is the content of an upload.
///
/// # Errors
/// When a store does not answer: the event comes again.
pub async fn inspect(
    store: &Store,
    live: &Live,
    files: &Files,
    key: &str,
    at: OffsetDateTime,
) -> Result<bool, Problem> {
    let Some(object) = store.object(key).await? else {
        return Ok(false);
    };
    let Some(head) = files.first_bytes(key, HEAD).await? else {
        return Ok(false);
    };
    let blocked = refuse_by_content(&head).err();
    let finding = Finding {
        detected_type: detect(&head).map(|found| found.media_type),
        blocked_as: blocked.as_ref().map(|blocked| blocked.kind.as_str()),
    };
    for (room, id) in store.note_finding(&object, key, &finding).await? {
        let line = clock::id();
        let taken = store.quarantine(object.company, room, id, at, line).await?;
        let Some((file, seq, data)) = taken else {
            continue;
        };
        tracing::info!(company = %object.company, file = %file.id, kind = file.blocked_as, "quarantined");
        let event = Event {
            kind: "file.quarantined".to_owned(),
            room_id: Some(room),
            seq: Some(seq),
            at,
            actor: None,
            data,
        };
        live.announce(object.company, room, std::slice::from_ref(&event))
            .await;
        let told = Event { seq: None, ..event };
        live.tell(object.company, file.uploader, &[told]).await;
    }
    Ok(true)
}
