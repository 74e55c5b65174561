//! Links that share a file with anyone who has them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{FileId, LinkId};
use sha2::{Digest as _, Sha256};
use store::uploads::By;
use store::{NewLink, Store};
use wire::problem::Code;
use wire::rest::file_links::{LinkLimits, LinkView, NewLinkView};
use wire::rest::page::Page;

use super::{act, sign};
use crate::{Caller, Client, Files, Problem, clock, random};

/// How long the URL is good for that a link leads to, in seconds: long enough to follow it, too short to pass it on.
const URL_S: u32 = 60;

/// Bytes of a token: nobody guesses 256 bits.
const TOKEN: usize = 32;

/// Makes a link. Its token is told in this answer and kept nowhere.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`; `conflict` for a file that is held back.
pub async fn create_link(
    store: &Store,
    caller: &Caller,
    file: FileId,
    limits: LinkLimits,
) -> Result<NewLinkView, Problem> {
    let token = URL_SAFE_NO_PAD.encode(random::bytes::<TOKEN>()?);
    let new = NewLink {
        id: LinkId(clock::id()),
        token_hash: &hash(&token),
        expires_at: limits.life.map(|life| caller.client.at + life),
        max_downloads: limits.max_downloads,
    };
    let link = store.create_link(&act(caller, file), &new).await??;
    Ok(NewLinkView {
        link: link.into(),
        path: format!("/d/{token}"),
    })
}

/// The links of a file, newest first, the ended ones too.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`.
pub async fn links(
    store: &Store,
    caller: &Caller,
    file: FileId,
    (before, limit): (Option<LinkId>, i64),
) -> Result<Page<LinkView>, Problem> {
    let found = store
        .links(&act(caller, file), (before, limit + 1))
        .await??;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Page::cut(found, limit, |link| link.id).map(LinkView::from))
}

/// Takes a link back: from now on it leads nowhere.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`.
pub async fn revoke_link(
    store: &Store,
    caller: &Caller,
    file: FileId,
    link: LinkId,
) -> Result<(), Problem> {
    Ok(store.revoke_link(&act(caller, file), link).await??)
}

/// Follows a link, for anyone: the URL of its file's content. Every use is in the audit log, with its address.
///
/// # Errors
/// `not_found`, the same for every link that leads nowhere: guessed, ended, used up, taken back, of a file that is
/// gone or held back.
pub async fn follow_link(
    store: &Store,
    files: &Files,
    client: &Client,
    token: &str,
) -> Result<String, Problem> {
    let by = By {
        actor: None,
        origin: client.origin(),
        line: clock::id(),
    };
    let content = store
        .use_link(&hash(token), &by)
        .await?
        .ok_or(Code::NotFound)?;
    sign(files, &content, false, client.at, URL_S).await
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
