//! Files: listed, looked at, downloaded; and what inspection does to them.

mod change;
mod links;
mod places;
mod upkeep;
mod versions;

use domain::file::{Filter, Refusal, actions};
use domain::upload::{ContentType, detect, may_show_inline, refuse_by_content};
use domain::{CompanyId, FileId, UserId};
use files::{Disposition, Files, content_disposition};
use live::Live;
use store::{Content, FileAct, FileChanged, FileEvent, Finding, FoundFile, Store};
use time::{Duration, OffsetDateTime};
use wire::event::Event;
use wire::problem::Code;
use wire::rest::file_details::{FileDetailView, MyFile};
use wire::rest::files::{DownloadQuery, DownloadView, FileView};
use wire::rest::page::Page;

use crate::previews::refuse_unsafe;
use crate::uploads::by;
use crate::{Caller, Problem, clock};

pub use change::{change, delete, release, restore};
pub use links::{create_link, follow_link, links, revoke_link};
pub use places::{add_to_thread, hide, pin, remove_from_thread, show, unpin};
pub use upkeep::{index_names, purge, tier};
pub use versions::{take_version_again, versions};

/// How many first bytes of an object are looked at.
const HEAD: u32 = 4_096;

/// A page of files, newest first.
///
/// # Errors
/// `not_found` for a room that the caller may not read.
pub async fn list(
    store: &Store,
    caller: &Caller,
    filter: Filter,
) -> Result<Page<FileView>, Problem> {
    let asked = filter.limit;
    let filter = Filter {
        limit: asked + 1,
        ..filter
    };
    let now = caller.client.at;
    let found = store
        .files(caller.company, caller.user, &filter, now)
        .await?;
    let found = found.ok_or(Code::NotFound)?;
    let limit = usize::try_from(asked).unwrap_or(usize::MAX);
    Ok(Page::cut(found, limit, |file| file.id).map(|file| FileView::at(file, now)))
}

/// One file as the caller finds it.
///
/// # Errors
/// `not_found`, also when no room that the caller may read shows it.
pub async fn get(store: &Store, caller: &Caller, id: FileId) -> Result<FileDetailView, Problem> {
    let found = store.file(caller.company, caller.user, id).await?;
    found
        .map(|found| detail(found, caller.client.at))
        .ok_or_else(|| Code::NotFound.into())
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
        .download(
            caller.company,
            caller.user,
            (id, asked.version),
            &by(caller),
        )
        .await?;
    let content = found.ok_or(Code::NotFound)?;
    refuse_unsafe(&content.file)?;
    if !content.available {
        return Err(Code::FileQuarantined.into());
    }
    let life = asked.expires_in_s.unwrap_or(usual_s);
    Ok(DownloadView {
        url: sign(files, &content, asked.inline, caller.client.at, life).await?,
        expires_at: caller.client.at + Duration::seconds(i64::from(life)),
    })
}

/// The URL of a content for `life` seconds from `at`; shown in place only if that was asked for and is safe.
async fn sign(
    files: &Files,
    content: &Content,
    inline: bool,
    at: OffsetDateTime,
    life: u32,
) -> Result<String, Problem> {
    let showable = ContentType::parse(&content.content_type)
        .is_ok_and(|declared| may_show_inline(&declared, content.detected_type.as_deref()));
    let disposition = match inline && showable {
        true => Disposition::Inline,
        false => Disposition::Attachment,
    };
    let signer = files.signer(at, life).await?;
    let disposition = content_disposition(disposition, &content.file.name);
    Ok(signer.get(&content.key, &disposition, &content.content_type))
}

/// The caller doing something to a file.
fn act(caller: &Caller, file: FileId) -> FileAct<'_> {
    FileAct {
        company: caller.company,
        file,
        actor: caller.user,
        id: clock::id(),
        origin: caller.client.origin(),
    }
}

/// A file as one person sees it at `now`.
fn detail(found: FoundFile, now: OffsetDateTime) -> FileDetailView {
    FileDetailView {
        file: FileView::at(found.file, now),
        download_count: found.downloads,
        shown_in: found.shown_in,
        in_threads: found.in_threads,
        my: MyFile {
            can: actions(&found.standing),
        },
    }
}

/// Announces what changed and answers the file as it is now.
async fn tell(
    live: &Live,
    caller: &Caller,
    changed: FileChanged,
) -> Result<FileDetailView, Problem> {
    match changed {
        FileChanged::Done(found, event) => {
            announce_by(live, caller, &event).await;
            Ok(detail(found, caller.client.at))
        }
        FileChanged::Same(found) => Ok(detail(found, caller.client.at)),
        FileChanged::Refused(refusal) => Err(refusal.into()),
    }
}

/// Tells every room that shows the file: of the company, by this person or by nobody, at this time.
pub(crate) async fn announce(
    live: &Live,
    (company, actor, at): (CompanyId, Option<UserId>, OffsetDateTime),
    told: &FileEvent,
) {
    for (room, seq, data) in &told.places {
        let event = Event {
            kind: told.kind.to_owned(),
            room_id: Some(*room),
            seq: Some(*seq),
            at,
            actor,
            data: data.clone(),
        };
        live.announce(company, *room, &[event]).await;
    }
}

/// The same, of what the caller did.
async fn announce_by(live: &Live, caller: &Caller, told: &FileEvent) {
    let by = (caller.company, Some(caller.user), caller.client.at);
    announce(live, by, told).await;
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Inactive => Code::TokenInvalid.into(),
            Refusal::NoFile => Code::NotFound.into(),
            Refusal::Room(why) => why.into(),
            Refusal::Stale { revision } => {
                Self::new(Code::VersionMismatch).with("revision", revision)
            }
            Refusal::State(_) => Self::new(Code::Conflict).with_detail(detail),
            Refusal::Pins { limit } => Self::new(Code::Conflict)
                .with_detail(detail)
                .with("limit", limit),
        }
    }
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
    for id in store.note_finding(&object, key, &finding).await? {
        let line = clock::id();
        let taken = store.quarantine(object.company, id, at, line).await?;
        let Some((file, told)) = taken else {
            continue;
        };
        tracing::info!(company = %object.company, file = %file.id, kind = file.blocked_as, "quarantined");
        announce(live, (object.company, None, at), &told).await;
        // The same in every room: it says what became of the file.
        if let Some((_, _, data)) = told.places.into_iter().next() {
            let told = Event {
                kind: told.kind.to_owned(),
                room_id: Some(file.room),
                seq: None,
                at,
                actor: None,
                data,
            };
            live.tell(object.company, file.uploader, &[told]).await;
        }
    }
    Ok(true)
}
