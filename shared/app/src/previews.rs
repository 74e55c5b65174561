//! Previews: fetched by people, noted and told by the function that makes them.

use domain::FileId;
use domain::file::{File, Status};
use domain::preview::{Preview, Size, State};
use domain::scan::ScanStatus;
use files::{Disposition, Files, content_disposition};
use live::Live;
use serde_json::{Value, json};
use store::{Begun, FileNews, Inspected, Store};
use time::{Duration, OffsetDateTime};
use wire::problem::Code;
use wire::rest::files::DownloadView;

use crate::files::announce;
use crate::{Caller, Problem, scans};

/// How long a call that has begun may still be at work.
const ALIVE: Duration = Duration::minutes(2);

/// After how long a preview that is still to be made counts as lost.
const LOST: Duration = Duration::minutes(10);

/// Where the caller can fetch the preview of a file for a while. Whoever may read the file's room may.
///
/// # Errors
/// `not_found`; `file_quarantined`, `file_infected`; `preview_unavailable` with its state and reason.
pub async fn locate(
    store: &Store,
    files: &Files,
    caller: &Caller,
    (id, size): (FileId, Size),
    life_s: u32,
) -> Result<DownloadView, Problem> {
    let found = store.file_content(caller.company, caller.user, id).await?;
    let (file, key) = found.ok_or(Code::NotFound)?;
    refuse_unsafe(&file)?;
    let Some(rendition) = file.preview.rendition(size) else {
        return Err(missing(&file.preview));
    };
    let signer = files.signer(caller.client.at, life_s).await?;
    let disposition = content_disposition(Disposition::Inline, &named(&file.name, rendition));
    Ok(DownloadView {
        url: signer.get(&size.key(&key), &disposition, &rendition.content_type),
        expires_at: caller.client.at + Duration::seconds(i64::from(life_s)),
    })
}

/// Refuses what nobody may fetch: content of a blocked kind that no admin has released, and malware.
///
/// # Errors
/// `file_infected`, `file_quarantined`.
pub fn refuse_unsafe(file: &File) -> Result<(), Problem> {
    if file.scan == ScanStatus::Infected {
        return Err(Code::FileInfected.into());
    }
    if file.status == Status::Quarantined {
        return Err(Code::FileQuarantined.into());
    }
    Ok(())
}

/// Sets out to make the preview of an object; `None` when nothing is to be made of it.
///
/// What broke down again and again is given up here, before it breaks down once more.
///
/// # Errors
/// When a store does not answer: the call comes again.
pub async fn begin(
    store: &Store,
    live: &Live,
    files: &Files,
    key: &str,
    at: OffsetDateTime,
) -> Result<Option<Begun>, Problem> {
    let Some(begun) = store.begin_preview(key, at).await? else {
        return Ok(None);
    };
    if begun.made.is_some() {
        tell(store, live, (begun.company, key), FileNews::Preview, at).await?;
        return Ok(None);
    }
    if begun.tries > domain::preview::MAX_TRIES {
        // Several at once are no failures: what they leave undone, the reaper asks for again.
        if begun.tried_at.is_some_and(|last| at - last < ALIVE) {
            return Ok(None);
        }
        let failed = Preview::unavailable(domain::preview::Reason::Failed);
        finish(store, live, files, &begun, (key, &failed), at).await?;
        return Ok(None);
    }
    Ok(Some(begun))
}

/// Asks the function called `function` for the preview of an object.
///
/// # Errors
/// When it cannot be asked.
pub async fn ask(live: &Live, function: &str, key: &str) -> Result<(), Problem> {
    let input = serde_json::to_vec(&json!({ "key": key })).map_err(Problem::internal)?;
    Ok(live.delegate(function, input).await?)
}

/// Asks again for at most `limit` previews that nobody has made for a while: their calls were lost, or their content is
/// older than previews are. Answers how many.
///
/// # Errors
/// When they cannot be listed or asked for.
pub async fn ask_again(
    store: &Store,
    live: &Live,
    function: &str,
    now: OffsetDateTime,
    limit: i64,
) -> Result<u64, Problem> {
    let keys = store.without_preview(now - LOST, limit).await?;
    for key in &keys {
        ask(live, function, key).await?;
    }
    Ok(keys.len() as u64)
}

/// Takes back that somebody set out, when a store was to blame for the failure and not the file.
pub async fn put_back(store: &Store, key: &str) {
    if let Err(error) = store.put_preview_back(key).await {
        tracing::warn!(error = ?error, "a failure of the store counts as one of the file");
    }
}

/// Writes down the preview of an object, whose renditions are in the bucket already, and tells the rooms. When
/// nobody needs the content any more, they are removed instead.
///
/// # Errors
/// When a store does not answer: the call comes again.
pub async fn finish(
    store: &Store,
    live: &Live,
    files: &Files,
    begun: &Begun,
    (key, made): (&str, &Preview),
    at: OffsetDateTime,
) -> Result<(), Problem> {
    let object = Inspected {
        company: begun.company,
        room: begun.room,
    };
    if !store.note_preview(&object, key, made).await? {
        return remove(files, key).await;
    }
    tell(store, live, (begun.company, key), FileNews::Preview, at).await
}

/// Removes the renditions of the content that was under `key`; there may be none.
///
/// # Errors
/// When S3 does not do it.
pub async fn remove(files: &Files, key: &str) -> Result<(), Problem> {
    for size in Size::ALL {
        files.delete(&size.key(key)).await?;
    }
    Ok(())
}

/// Tells the rooms of the content `key` what they have not heard of it.
pub(crate) async fn tell(
    store: &Store,
    live: &Live,
    (company, key): (domain::CompanyId, &str),
    news: FileNews,
    at: OffsetDateTime,
) -> Result<(), Problem> {
    for (room, file) in store.untold_files(company, key, news).await? {
        let told = store.tell_of_file(company, file, key, news, at).await?;
        let Some(told) = told else {
            continue;
        };
        announce(live, (company, None, at), &told).await;
        let infected = |data: &Value| data["scan_status"] == ScanStatus::Infected.as_str();
        if told.places.iter().any(|(_, _, data)| infected(data)) {
            scans::warn(store, live, (company, room, file), at).await?;
        }
    }
    Ok(())
}

fn missing(preview: &Preview) -> Problem {
    // One that is there, but not in this size, counts as none.
    let state = match preview.state {
        State::Pending => State::Pending,
        State::Ready | State::Unavailable => State::Unavailable,
    };
    Problem::new(Code::PreviewUnavailable)
        .with("state", json!(state.as_str()))
        .with("reason", json!(preview.reason))
}

/// The name that a browser saves a preview under.
fn named(name: &str, rendition: &domain::preview::Rendition) -> String {
    let extension = match rendition.content_type.as_str() {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        _ => "txt",
    };
    format!("{name}.{extension}")
}
