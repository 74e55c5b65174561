//! Registering, signing in, staying signed in, signing out.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::{Handle, SESSION_LIFETIME, lock_left};
use domain::{CompanyId, SessionId, UserId};
use live::Live;
use store::{
    Account, Added, Admission, Known, NewCompany, NewPerson, NewSession, Rotated, Rotation, Store,
};
use tokio::time::{Instant, sleep_until};
use wire::problem::Code;
use wire::rest::auth::{Credentials, Presented, Registration, TokensView};

use crate::door::Attempt;
use crate::password::{self, Match};
use crate::secret::Secret;
use crate::signing::Signer;
use crate::token::ACCESS_LIFETIME;
use crate::{Caller, Client, Problem, clock, people, random, refresh_token};

/// A sign-in that fails is answered at a whole multiple of this after it came: how long the work took, which
/// depends on the kind of hash and on whether there was one, cannot be read from the answer's time.
const FAILURES_AT: Duration = Duration::from_millis(500);

/// Makes a company and its owner, signed in.
///
/// # Errors
/// `email_taken`.
pub async fn register(
    store: &Store,
    signer: &Signer,
    client: &Client,
    registration: Registration,
) -> Result<TokensView, Problem> {
    signer.key(client.at).await?;
    let password_hash = hash(&registration.password)?;
    let handle = Handle::derive(&registration.email, &registration.full_name);
    let (session, token) = (
        SessionId(clock::id()),
        refresh_token::first(random::bytes()?),
    );
    let company = NewCompany {
        id: CompanyId(clock::id()),
        name: &registration.company_name,
        owner: NewPerson {
            id: UserId(clock::id()),
            email: &registration.email,
            full_name: &registration.full_name,
            handle: &handle,
            password_hash: &password_hash,
        },
    };
    let opened = NewSession {
        id: session,
        token_hash: &refresh_token::hash(token.expose()),
        expires_at: client.at + SESSION_LIFETIME,
    };
    let added = store
        .register(&company, &opened, clock::id(), &client.origin())
        .await?;
    match added {
        Added::Done(account) => tokens(signer, client, session, account, &token).await,
        Added::EmailTaken => Err(Code::EmailTaken.into()),
    }
}

/// Signs in with address and password.
///
/// # Errors
/// `credentials_invalid`, the same whether address or password is wrong; `rate_limited`, `account_locked`, both
/// with a time to wait and both for unknown addresses too; `account_suspended`, only to who knows the password.
pub async fn login(
    store: &Store,
    live: &Live,
    signer: &Signer,
    client: &Client,
    credentials: Credentials,
) -> Result<TokensView, Problem> {
    let began = Instant::now();
    let answer = attempt(store, live, signer, client, &credentials).await;
    if failed(&answer) {
        let steps = began.elapsed().as_millis() / FAILURES_AT.as_millis() + 1;
        sleep_until(began + FAILURES_AT * u32::try_from(steps).unwrap_or(1)).await;
    }
    answer
}

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// `session_ended` when it is unknown or used, or its session is over; a used one ends its session.
pub async fn refresh(
    store: &Store,
    live: &Live,
    signer: &Signer,
    client: &Client,
    presented: Presented,
) -> Result<TokensView, Problem> {
    // A token is spent only when a new one can be signed.
    signer.key(client.at).await?;
    let client_id = presented.client_id.as_deref();
    let seed: [u8; 32] = random::bytes()?;
    let next = refresh_token::next(&presented.token, client_id, &seed);
    let client_hash = client_id.map(refresh_token::hash);
    let rotation = Rotation {
        hash: &refresh_token::hash(&presented.token),
        client_hash: client_hash.as_ref().map(<[u8; 32]>::as_slice),
        next_hash: &refresh_token::hash(next.expose()),
        next_seed: &seed,
        expires_at: client.at + SESSION_LIFETIME,
        audit_id: clock::id(),
    };
    match store.rotate(&rotation, &client.origin()).await? {
        Rotated::Next(session, account) => tokens(signer, client, session, account, &next).await,
        Rotated::Again(session, account, seed) => {
            let next = refresh_token::next(&presented.token, client_id, &seed);
            tokens(signer, client, session, account, &next).await
        }
        Rotated::Reused(ended) => {
            tracing::warn!("a used refresh token came back; its session was ended");
            people::cut_off(live, ended.user, Some(ended.session)).await;
            Err(Code::SessionEnded.into())
        }
        Rotated::Ended => Err(Code::SessionEnded.into()),
    }
}

/// Ends the session of `token`, else the caller's, and its sockets. Ending one that is over already is no mistake.
///
/// # Errors
/// `unauthenticated` when there is neither token nor caller.
pub async fn logout(
    store: &Store,
    live: &Live,
    client: &Client,
    caller: Option<&Caller>,
    token: Option<String>,
) -> Result<(), Problem> {
    let (audit, origin) = (clock::id(), client.origin());
    let ended = match (token, caller) {
        (Some(token), _) => {
            let hash = refresh_token::hash(&token);
            store.end_session_of(&hash, audit, &origin).await?
        }
        (None, Some(caller)) => {
            let (company, user, session) = (caller.company, caller.user, caller.session);
            store
                .end_session(company, user, session, audit, &origin)
                .await?
        }
        (None, None) => return Err(Code::Unauthenticated.into()),
    };
    if let Some(ended) = ended {
        people::cut_off(live, ended.user, Some(ended.session)).await;
    }
    Ok(())
}

/// The hash of a new password under fresh salt.
///
/// # Errors
/// When there is no randomness.
pub fn hash(password: &domain::account::Password) -> Result<String, Problem> {
    password::hash(password, random::bytes()?).map_err(Problem::internal)
}

async fn attempt(
    store: &Store,
    live: &Live,
    signer: &Signer,
    client: &Client,
    credentials: &Credentials,
) -> Result<TokensView, Problem> {
    let subject = format!("address:{}", client.address);
    let inside = at_the_account(store, live, signer, client, credentials);
    at_the_door(live, subject, Box::pin(inside)).await
}

/// The attempt, once the address it comes from may make one.
async fn at_the_account(
    store: &Store,
    live: &Live,
    signer: &Signer,
    client: &Client,
    credentials: &Credentials,
) -> Result<TokensView, Problem> {
    let hash = refresh_token::hash(credentials.email.as_str());
    let (known, key) = tokio::join!(store.door(&credentials.email, &hash), signer.key(client.at));
    let (known, _) = (known?, key?);
    if let Some(left) = lock_left(known.locked_until, client.at) {
        let seconds = u64::try_from(left.whole_seconds()).unwrap_or(0) + 1;
        return Err(Problem::new(Code::AccountLocked).retry_after(seconds));
    }
    let subject = format!("account:{}", URL_SAFE_NO_PAD.encode(hash));
    let inside = check(store, signer, client, credentials, known.person, &hash);
    at_the_door(live, subject, Box::pin(inside)).await
}

/// Tries what is behind the door, if `subject` may, and counts it when it fails.
async fn at_the_door(
    live: &Live,
    subject: String,
    inside: impl Future<Output = Result<TokensView, Problem>>,
) -> Result<TokensView, Problem> {
    let attempt = Attempt::open(live, subject).await?;
    let answer = inside.await;
    let closed = attempt.over(failed(&answer)).await;
    answer.and_then(|tokens| closed.map(|()| tokens))
}

/// Looks at the password, and lets in or counts.
async fn check(
    store: &Store,
    signer: &Signer,
    client: &Client,
    credentials: &Credentials,
    person: Option<Known>,
    email_hash: &[u8],
) -> Result<TokensView, Problem> {
    let stored = person.as_ref().map(|person| person.password_hash.as_str());
    let found = password::verify(&credentials.password, stored);
    let Some(person) = person.filter(|_| found != Match::Wrong) else {
        store
            .sign_in_failed(
                &credentials.email,
                email_hash,
                clock::id(),
                &client.origin(),
            )
            .await?;
        return Err(Code::CredentialsInvalid.into());
    };
    if !person.active {
        return Err(Code::AccountSuspended.into());
    }
    let rehashed = match found {
        Match::RightButOld => Some(hash(&credentials.password)?),
        Match::Right | Match::Wrong => None,
    };
    let (session, token) = (
        SessionId(clock::id()),
        refresh_token::first(random::bytes()?),
    );
    let opened = NewSession {
        id: session,
        token_hash: &refresh_token::hash(token.expose()),
        expires_at: client.at + SESSION_LIFETIME,
    };
    let admission = Admission {
        person: &person,
        rehashed: rehashed.as_deref(),
        email_hash,
        audit_id: clock::id(),
    };
    match store.sign_in(&admission, &opened, &client.origin()).await? {
        Some(account) => tokens(signer, client, session, account, &token).await,
        // Suspended, removed or given a new password since the look: try again and see.
        None => Err(Problem::new(Code::Conflict).retry_after(1)),
    }
}

/// Whether this attempt counts as a failure.
fn failed(answer: &Result<TokensView, Problem>) -> bool {
    matches!(answer, Err(problem) if problem.code == Code::CredentialsInvalid)
}

async fn tokens(
    signer: &Signer,
    client: &Client,
    session: SessionId,
    account: Account,
    refresh: &Secret<String>,
) -> Result<TokensView, Problem> {
    let access = signer
        .sign(account.company, account.user, session, client.at)
        .await?;
    let (user, company) = people::views(account);
    Ok(TokensView {
        access_token: access.expose().clone(),
        token_type: "Bearer",
        expires_in_s: ACCESS_LIFETIME.whole_seconds(),
        refresh_token: refresh.expose().clone(),
        refresh_expires_in_s: SESSION_LIFETIME.whole_seconds(),
        session_id: session,
        user,
        company,
    })
}
