//! Rooms: making, finding, changing, archiving them, and how far one has read.

use domain::company::CompanyRole;
use domain::room::{Access, Change, Draft, Refusal, Role, Seat};
use domain::{RoomId, UserId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Act, Changed, FoundRoom, RoomEvent, RoomsFilter, RoomsScope, Store};
use wire::event::Event;
use wire::event::room::{MARKED, RoomCreated};
use wire::problem::{Code, FieldError};
use wire::rest::page::Page;
use wire::rest::room_list::{RoomPlace, RoomsAsked, Scope};
use wire::rest::rooms::{ReadView, RoomFacts, RoomView};

use crate::http::IfMatch;
use crate::{Caller, Live, Problem, clock};

/// Makes a room; the caller is its creator, and all of the first members are in it from the start.
///
/// # Errors
/// `forbidden` for guests of the company; `name_taken`; `member_limit`; `invalid` with the members who do not exist.
pub async fn create(
    store: &Store,
    live: &Live,
    caller: &Caller,
    draft: Draft,
) -> Result<RoomView, Problem> {
    let room = RoomId(clock::id());
    let (company_role, logged) = store.create_room(&act(caller, room), &draft).await??;
    let people: Vec<UserId> = read::<RoomCreated>(&logged.data)?
        .members
        .iter()
        .map(|member| member.user_id)
        .collect();
    live.joined(caller.company, room, &people).await;
    announce(live, caller, room, &logged).await;
    let seat = Seat {
        role: Role::Creator,
        access: Access::Full,
        read_seq: logged.seq,
        unread: 0,
    };
    after(company_role, Some(seat), None, &logged)
}

/// A room as the caller finds it.
///
/// # Errors
/// `not_found`, also for a room that the caller may not know of.
pub async fn get(store: &Store, caller: &Caller, room: RoomId) -> Result<RoomView, Problem> {
    view(store.room(caller.company, caller.user, room).await??)
}

/// A page of rooms, the last active first. A room that becomes active while someone pages moves up and may be
/// missed; its event says so to those who listen.
///
/// # Errors
/// `forbidden` for the company's list, unless the caller is an administrator.
pub async fn list(
    store: &Store,
    caller: &Caller,
    asked: &RoomsAsked,
) -> Result<Page<RoomView>, Problem> {
    let filter = RoomsFilter {
        scope: match asked.scope {
            Scope::Mine => RoomsScope::Mine,
            Scope::Joinable => RoomsScope::Joinable,
            Scope::Company => RoomsScope::Company,
        },
        kind: asked.kind,
        status: asked.status,
        name: &asked.name,
        after: asked.after.map(|RoomPlace(at, id)| (at, id)),
        limit: asked.limit + 1,
    };
    let found = store.rooms(caller.company, caller.user, &filter).await??;
    let limit = usize::try_from(asked.limit).unwrap_or_default();
    let page = Page::cut(found, limit, |found| {
        RoomPlace(found.room.last_activity_at, found.room.id)
    });
    let items: Result<Vec<_>, _> = page.items.into_iter().map(view).collect();
    Ok(Page {
        items: items?,
        next_cursor: page.next_cursor,
        prev_cursor: None,
    })
}

/// Changes a room, if it is still at the version that the caller read.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`, `name_taken`, `version_mismatch`; `conflict` for a limit
/// below the number of people who are in.
pub async fn change(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    change: Change,
    version: IfMatch,
) -> Result<RoomView, Problem> {
    let done = store
        .change_room(&act(caller, room), &change, version.0)
        .await?;
    tell(live, caller, room, done).await
}

/// Makes a room read-only.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`; `room_archived` when it is already.
pub async fn archive(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
) -> Result<RoomView, Problem> {
    let done = store.archive_room(&act(caller, room)).await?;
    tell(live, caller, room, done).await
}

/// Takes an archived room back into use.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`; `conflict` when it is not archived.
pub async fn restore(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
) -> Result<RoomView, Problem> {
    let done = store.restore_room(&act(caller, room)).await?;
    tell(live, caller, room, done).await
}

/// Moves the caller's read marker up to `seq`; one write, or none when it stands there already. The caller's other
/// devices hear of it by an ephemeral event.
///
/// # Errors
/// `not_found`; `forbidden` for those who are not in the room.
pub async fn mark_read(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    seq: i64,
) -> Result<ReadView, Problem> {
    let (seat, moved) = store
        .mark_read(caller.company, caller.user, room, seq)
        .await??;
    let view = ReadView {
        read_seq: seat.read_seq,
        unread_count: seat.unread,
    };
    if moved {
        let event = Event {
            kind: MARKED.to_owned(),
            room_id: Some(room),
            seq: None,
            at: caller.client.at,
            actor: Some(caller.user),
            data: serde_json::to_value(view).map_err(Problem::internal)?,
        };
        live.tell(caller.company, caller.user, &[event]).await;
    }
    Ok(view)
}

/// The caller acting on `room`.
pub(crate) fn act(caller: &Caller, room: RoomId) -> Act<'_> {
    Act {
        company: caller.company,
        room,
        actor: caller.user,
        id: clock::id(),
        origin: caller.client.origin(),
    }
}

/// The event as clients get it.
pub(crate) fn event(caller: &Caller, room: RoomId, logged: &RoomEvent) -> Event {
    Event {
        kind: logged.kind.clone(),
        room_id: Some(room),
        seq: Some(logged.seq),
        at: caller.client.at,
        actor: Some(caller.user),
        data: logged.data.clone(),
    }
}

/// Tells whoever is connected.
pub(crate) async fn announce(live: &Live, caller: &Caller, room: RoomId, logged: &RoomEvent) {
    let event = event(caller, room, logged);
    live.announce(caller.company, room, &[event]).await;
}

/// The room as `seat` finds it right after an event.
pub(crate) fn after(
    company_role: CompanyRole,
    seat: Option<Seat>,
    last_message: Option<Value>,
    logged: &RoomEvent,
) -> Result<RoomView, Problem> {
    let facts: RoomFacts = read(&logged.room)?;
    let newest = logged.data.get("message").cloned().or(last_message);
    let newest = newest
        .filter(|_| seat.is_some())
        .as_ref()
        .map(read)
        .transpose()?;
    Ok(RoomView::new(facts, company_role, seat, newest))
}

/// The room as it was found.
pub(crate) fn view(found: FoundRoom) -> Result<RoomView, Problem> {
    let newest = found.last_message.as_ref().map(read).transpose()?;
    Ok(RoomView::new(
        found.room,
        found.company_role,
        found.seat,
        newest,
    ))
}

/// JSON that the database made in a shape of the API's.
pub(crate) fn read<T: DeserializeOwned>(json: &Value) -> Result<T, Problem> {
    T::deserialize(json).map_err(Problem::internal)
}

/// Announces a change of the room itself and answers the room as it is now.
async fn tell(
    live: &Live,
    caller: &Caller,
    room: RoomId,
    changed: Changed<FoundRoom>,
) -> Result<RoomView, Problem> {
    match changed {
        Changed::Done(found, logged) => {
            announce(live, caller, room, &logged).await;
            after(found.company_role, found.seat, found.last_message, &logged)
        }
        Changed::Same(found) => view(found),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::NoRoom => Code::NotFound.into(),
            Refusal::NoSuchMember => Self::new(Code::NotFound).with_detail(detail),
            Refusal::Inactive => Code::TokenInvalid.into(),
            Refusal::NotMember | Refusal::Role | Refusal::Outranked => {
                Self::new(Code::Forbidden).with_detail(detail)
            }
            Refusal::ReadOnly => Code::ReadOnly.into(),
            Refusal::Archived => Code::RoomArchived.into(),
            Refusal::NotArchived | Refusal::CreatorStays => {
                Self::new(Code::Conflict).with_detail(detail)
            }
            Refusal::NameTaken => Code::NameTaken.into(),
            Refusal::Full { limit } => Self::new(Code::MemberLimit).with("limit", limit),
            Refusal::Crowded { members } => Self::new(Code::Conflict)
                .with_detail(detail)
                .with("member_count", members),
            Refusal::Stale { version } => Self::new(Code::VersionMismatch).with("version", version),
            Refusal::UnknownPeople(places) => {
                let error = |place| {
                    let field = format!("members[{place}].user_id");
                    FieldError::new(field, "not_found", "there is no such person")
                };
                Self::invalid(places.into_iter().map(error).collect())
            }
        }
    }
}
