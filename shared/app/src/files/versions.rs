//! The contents that a file has had.

use domain::FileId;
use live::Live;
use store::Store;
use wire::problem::Code;
use wire::rest::file_details::{FileDetailView, VersionView};
use wire::rest::page::Page;

use super::{act, tell};
use crate::{Caller, Problem};

/// The contents that a file has had, newest first.
///
/// # Errors
/// `not_found`.
pub async fn versions(
    store: &Store,
    caller: &Caller,
    file: FileId,
    (before, limit): (Option<i32>, i64),
) -> Result<Page<VersionView>, Problem> {
    let found = store
        .file_versions(caller.company, caller.user, file, (before, limit + 1))
        .await?;
    let found = found.ok_or(Code::NotFound)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = Page::cut(found.items, limit, |version| version.number);
    Ok(page.map(|version| VersionView::new(version, found.current)))
}

/// Makes a former content today's, as a new version; nothing is lost by it.
///
/// # Errors
/// `not_found`, also for a version that the file never had or that is of a blocked kind; `forbidden`, `read_only`,
/// `room_archived`.
pub async fn take_version_again(
    store: &Store,
    live: &Live,
    caller: &Caller,
    file: FileId,
    version: i32,
) -> Result<FileDetailView, Problem> {
    let changed = store
        .take_version_again(&act(caller, file), version)
        .await?;
    tell(live, caller, changed).await
}
