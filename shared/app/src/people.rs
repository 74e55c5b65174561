//! Who I am, and where I am signed in.

use domain::{SessionId, UserId};
use store::{Account, Session, Store};
use wire::cursor;
use wire::problem::Code;
use wire::rest::me::{CompanyView, MeView, SessionView, UserView};
use wire::rest::page::{self, Page};

use crate::{Caller, Live, Problem, clock};

/// Who is calling.
///
/// # Errors
/// `session_ended` when the session was ended or the person is no longer active.
pub async fn me(store: &Store, caller: &Caller) -> Result<MeView, Problem> {
    let account = store
        .me(caller.company, caller.user, caller.session)
        .await?
        .ok_or(Code::SessionEnded)?;
    let (user, company) = views(account);
    Ok(MeView {
        user,
        company,
        session_id: caller.session,
    })
}

/// The caller's sessions, newest first.
///
/// # Errors
/// `invalid` for a limit or cursor that makes no sense; `session_ended`.
pub async fn sessions(
    store: &Store,
    caller: &Caller,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<Page<SessionView>, Problem> {
    let limit = page::limit(limit, 50, 100).map_err(|error| vec![error]);
    let after = cursor
        .map(cursor::decode::<SessionId>)
        .transpose()
        .map_err(|error| vec![error]);
    let (limit, after) = match (limit, after) {
        (Ok(limit), Ok(after)) => (limit, after),
        (limit, after) => {
            let wrong = [limit.err(), after.err()].into_iter().flatten().flatten();
            return Err(Problem::invalid(wrong.collect()));
        }
    };
    let (company, user, asking) = (caller.company, caller.user, caller.session);
    let found = store
        .sessions(company, user, asking, after, limit, caller.client.at)
        .await?
        .ok_or(Code::SessionEnded)?;
    let page = Page::cut(found, usize::try_from(limit).unwrap_or(0), |session| {
        session.id
    });
    Ok(page.map(|session| session_view(session, asking)))
}

/// Ends one of the caller's sessions, and its sockets.
///
/// # Errors
/// `not_found` for one that is not theirs or is over.
pub async fn end_session(
    store: &Store,
    live: &Live,
    caller: &Caller,
    session: SessionId,
) -> Result<(), Problem> {
    let (company, user) = (caller.company, caller.user);
    let ended = store
        .end_session(company, user, session, clock::id(), &caller.client.origin())
        .await?;
    let ended = ended.ok_or(Code::NotFound)?;
    cut_off(live, ended.user, Some(ended.session)).await;
    Ok(())
}

/// Ends the sockets of somebody who was signed out: all of them, or those of one session. Best effort: a socket that
/// could not be reached goes with its next frame.
pub async fn cut_off(live: &Live, user: UserId, session: Option<SessionId>) {
    if let Err(error) = live.sign_out(user, session).await {
        tracing::warn!(?error, "a signed out socket stays open until it speaks");
    }
}

/// An account as its person sees it.
pub(crate) fn views(account: Account) -> (UserView, CompanyView) {
    let company = CompanyView {
        id: account.company,
        name: account.company_name,
        plan: account.plan,
        limits: account.plan.into(),
    };
    let user = UserView {
        id: account.user,
        email: account.email,
        full_name: account.full_name,
        handle: account.handle,
        role: account.role,
        language: account.language,
        email_verified: account.email_verified,
        created_at: account.created_at,
    };
    (user, company)
}

fn session_view(session: Session, asking: SessionId) -> SessionView {
    SessionView {
        id: session.id,
        user_agent: session.user_agent,
        address: session.address,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        current: session.id == asking,
    }
}
