//! Real time over REST: tickets for sockets, and reading logs on.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::RoomId;
use live::{Members, Ticket};
use store::{Logged, News, Snapshot, Store};
use time::Duration;
use wire::event::Event;
use wire::problem::{Code, FieldError};
use wire::rest::realtime::{EventsView, SyncCursor, SyncView, TicketView};
use wire::socket::RoomHead;

use crate::{Caller, Live, Problem};

/// How long a ticket is good for.
const TICKET_LIFETIME: Duration = Duration::seconds(30);
/// Random bytes of a ticket.
const TICKET_BYTES: usize = 32;

/// The bridge by which `live` learns who is in a room when its own index cannot say.
#[must_use]
pub fn members(store: &Store) -> Members {
    let store = store.clone();
    Arc::new(move |company, room| {
        let store = store.clone();
        Box::pin(async move { Ok(store.member_ids(company, room).await?) })
    })
}

/// Makes a ticket that opens one socket for the caller, once, within 30 seconds.
///
/// # Errors
/// `token_invalid` when the session has ended; `unavailable` when DynamoDB is away.
pub async fn ticket(store: &Store, live: &Live, caller: &Caller) -> Result<TicketView, Problem> {
    let heads = store.heads(caller.company, caller.user, caller.session);
    heads.await?.ok_or(Code::TokenInvalid)?;
    let mut secret = [0; TICKET_BYTES];
    getrandom::fill(&mut secret).map_err(Problem::internal)?;
    let secret = URL_SAFE_NO_PAD.encode(secret);
    let ticket = Ticket {
        company: caller.company,
        user: caller.user,
        session: caller.session,
    };
    live.keep_ticket(&secret, &ticket, caller.client.at + TICKET_LIFETIME)
        .await?;
    Ok(TicketView {
        ticket: secret,
        expires_in_s: TICKET_LIFETIME.whole_seconds(),
    })
}

/// A part of a room's log, after `after`.
///
/// # Errors
/// `not_found` for a room that the caller may not read.
pub async fn events(
    store: &Store,
    caller: &Caller,
    room: RoomId,
    after: i64,
    limit: i64,
) -> Result<EventsView, Problem> {
    let excerpt = store
        .events_after(caller.company, caller.user, room, after, limit)
        .await?
        .ok_or(Code::NotFound)?;
    Ok(EventsView {
        events: excerpt.events.into_iter().map(event).collect(),
        last_seq: excerpt.last_seq,
        reset: excerpt.reset,
    })
}

/// What happened in all of the caller's rooms since `cursor`; without one, where everything stands.
///
/// # Errors
/// `invalid` for a cursor that is not ours, `token_invalid` when the person is not active or, without a cursor, the
/// session has ended.
pub async fn sync(
    store: &Store,
    caller: &Caller,
    cursor: Option<SyncCursor>,
    limit: i64,
) -> Result<SyncView, Problem> {
    let Some(cursor) = cursor else {
        return begin(store, caller).await;
    };
    let seen = snapshot(&cursor.seen)?;
    let (upto, position) = match &cursor.middle {
        Some((upto, room, seq)) => (Some(snapshot(upto)?), (*room, *seq)),
        None => (None, (uuid::Uuid::nil(), 0)),
    };
    let news = store
        .news(
            caller.company,
            caller.user,
            &seen,
            upto.as_ref(),
            position,
            limit,
        )
        .await?
        .ok_or(Code::TokenInvalid)?;
    Ok(page(&seen, news))
}

async fn begin(store: &Store, caller: &Caller) -> Result<SyncView, Problem> {
    // The snapshot first: what is stored between the two reads comes twice rather than never.
    let seen = store.snapshot().await?;
    let heads = store
        .heads(caller.company, caller.user, caller.session)
        .await?
        .ok_or(Code::TokenInvalid)?;
    Ok(SyncView {
        events: Vec::new(),
        reset: Vec::new(),
        rooms: Some(room_heads(&heads.rooms)),
        user_seq: Some(heads.user),
        more: false,
        cursor: text(&seen, None),
    })
}

fn page(seen: &Snapshot, news: News) -> SyncView {
    let cursor = match news.next {
        Some((room, seq)) => text(seen, Some((news.upto.as_str().to_owned(), room, seq))),
        None => text(&news.upto, None),
    };
    SyncView {
        events: news.events.into_iter().map(event).collect(),
        reset: news.reset,
        rooms: None,
        user_seq: None,
        more: news.next.is_some(),
        cursor,
    }
}

fn text(seen: &Snapshot, middle: Option<(String, uuid::Uuid, i64)>) -> String {
    wire::cursor::encode(&SyncCursor {
        seen: seen.as_str().to_owned(),
        middle,
    })
}

fn snapshot(text: &str) -> Result<Snapshot, Problem> {
    Snapshot::parse(text).ok_or_else(|| {
        Problem::invalid(vec![FieldError::new(
            "cursor",
            "bad_cursor",
            "take the cursor from an answer, unchanged, or leave it out",
        )])
    })
}

/// An entry of a log as clients read it.
pub(crate) fn event(entry: Logged) -> Event {
    Event {
        kind: entry.kind,
        room_id: entry.room,
        seq: Some(entry.seq),
        at: entry.at,
        actor: entry.actor,
        data: entry.payload,
    }
}

pub(crate) fn room_heads(rooms: &[(RoomId, i64)]) -> Vec<RoomHead> {
    rooms
        .iter()
        .map(|(id, seq)| RoomHead { id: *id, seq: *seq })
        .collect()
}
