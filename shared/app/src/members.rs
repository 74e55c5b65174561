//! People in rooms: adding, joining, leaving, removing, changing their place.

use domain::room::{Access, NewMember, Role, Seat, SeatChange};
use domain::{RoomId, UserId};
use store::{Changed, RoomEvent, Store};
use wire::event::room::{MembersChanged, MembersIn};
use wire::rest::members::{AddedMembers, MemberView, MembersAsked};
use wire::rest::page::Page;
use wire::rest::rooms::RoomView;

use crate::rooms::{act, after, announce, event, read, view};
use crate::{Caller, Live, Problem};

/// A page of a room's members.
///
/// # Errors
/// `not_found`, also for a room that the caller may not know of.
pub async fn list(
    store: &Store,
    caller: &Caller,
    room: RoomId,
    asked: &MembersAsked,
) -> Result<Page<MemberView>, Problem> {
    let (company, user, limit) = (caller.company, caller.user, asked.limit);
    let found = store
        .room_members(company, user, room, asked.after, &asked.name, limit + 1)
        .await??;
    let limit = usize::try_from(limit).unwrap_or_default();
    Ok(Page::cut(found, limit, |member| member.user).map(Into::into))
}

/// Adds people; those who are in already stay as they are. All of them or nobody.
///
/// # Errors
/// `not_found`, `forbidden`, `read_only`, `room_archived`, `member_limit`; `invalid` with the people who do not exist.
pub async fn add(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    people: Vec<NewMember>,
) -> Result<AddedMembers, Problem> {
    match store.add_members(&act(caller, room), &people).await? {
        Changed::Done(adding, logged) => {
            let added = read::<MembersIn>(&logged.data)?.members;
            let users: Vec<UserId> = added.iter().map(|member| member.user_id).collect();
            live.joined(caller.company, room, &users).await;
            announce(live, caller, room, &logged).await;
            let already = adding.already;
            Ok(AddedMembers { added, already })
        }
        Changed::Same(adding) => Ok(AddedMembers {
            added: vec![],
            already: adding.already,
        }),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

/// Brings the caller into a public room; once in, again changes nothing.
///
/// # Errors
/// `not_found`, `forbidden`, `room_archived`, `member_limit`.
pub async fn join(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
) -> Result<RoomView, Problem> {
    match store.join_room(&act(caller, room)).await? {
        Changed::Done(found, logged) => {
            live.joined(caller.company, room, &[caller.user]).await;
            announce(live, caller, room, &logged).await;
            let seat = Seat {
                role: Role::Member,
                access: Access::Full,
                read_seq: logged.seq,
                unread: 0,
            };
            after(found.company_role, Some(seat), None, &logged)
        }
        Changed::Same(found) => view(found),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

/// Takes the caller out of a room.
///
/// # Errors
/// `not_found`; `forbidden` for those who are not in; `room_archived`; `conflict` for the creator, who hands the
/// room over first.
pub async fn leave(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
) -> Result<(), Problem> {
    match store.leave_room(&act(caller, room)).await? {
        Changed::Done(_, logged) => {
            part(live, caller, room, caller.user, &logged).await;
            Ok(())
        }
        Changed::Same(_) => Ok(()),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

/// Takes someone below the caller out of a room; they hear nothing of it from then on.
///
/// # Errors
/// `not_found` for the room or the person; `forbidden`, `read_only`, `room_archived`.
pub async fn remove(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    user: UserId,
) -> Result<(), Problem> {
    match store.remove_member(&act(caller, room), user).await? {
        Changed::Done(_, logged) => {
            part(live, caller, room, user, &logged).await;
            Ok(())
        }
        Changed::Same(_) => Ok(()),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

/// Changes someone's role or access, or hands the room over to them.
///
/// # Errors
/// `not_found` for the room or the person; `forbidden`, `read_only`, `room_archived`.
pub async fn change(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    user: UserId,
    change: SeatChange,
) -> Result<MemberView, Problem> {
    match store
        .change_member(&act(caller, room), user, change)
        .await?
    {
        Changed::Done(before, logged) => {
            announce(live, caller, room, &logged).await;
            let changed = read::<MembersChanged>(&logged.data)?.members;
            let now = changed.into_iter().find(|member| member.user_id == user);
            Ok(now.unwrap_or_else(|| before.into()))
        }
        Changed::Same(member) => Ok(member.into()),
        Changed::Refused(refusal) => Err(refusal.into()),
    }
}

/// Cuts `user` off before the rest hear of it. Their own devices are told apart: it is the last they hear.
async fn part(live: &Live, caller: &Caller, room: RoomId, user: UserId, logged: &RoomEvent) {
    live.left(room, &[user]).await;
    live.tell(caller.company, user, &[event(caller, room, logged)])
        .await;
    announce(live, caller, room, logged).await;
}
