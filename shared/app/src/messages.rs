//! Messages: sending them and reading them back.

use domain::history::{History, Window};
use domain::message::{Draft, Message, Refusal};
use domain::{MessageId, RoomId};
use store::{Appended, Read, Store};
use wire::event::Fresh;
use wire::problem::{Code, FieldError};
use wire::rest::messages::MessageView;
use wire::written::Written;

use crate::{Caller, Live, Problem, clock};

/// The most milliseconds that one second holds, for rounding up.
const SECOND_MS: u64 = 1_000;

/// Sends a message: one round trip decides and stores, then whoever is connected hears of it.
///
/// A retry with the same `client_id` answers the first message and tells nobody twice. Announcing
/// is best effort; the room's log is what readers trust.
///
/// # Errors
/// `not_found` for a room that the caller may not see; `forbidden`, `read_only`, `room_archived`,
/// `slow_mode`, `client_id_reused`; `invalid` when `reply_to` or an attachment is not in the room.
pub async fn send(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    draft: Draft,
) -> Result<Written<MessageView>, Problem> {
    let id = MessageId(clock::id());
    let attachments = draft.attachments.clone();
    let message = draft.into_message(id, room, caller.user, caller.client.at);
    let payload = written(&message.clone().into())?;
    let message = match store
        .append_message(caller.company, message, &attachments, payload.as_str())
        .await?
    {
        Appended::Sent(message) => message,
        Appended::Known(message) => return written(&message.into()),
        Appended::Refused(refusal) => return Err(refused(refusal)),
    };
    let (seq, at) = (message.seq, message.created_at);
    let message = written(&message.into())?;
    let event = Fresh {
        kind: "message.created",
        room_id: Some(room),
        seq: Some(seq),
        at,
        actor: Some(caller.user),
        data: &message,
    };
    live.announce_fresh(caller.company, room, event).await;
    Ok(message)
}

/// A page of a room's messages.
///
/// # Errors
/// `not_found` for a room that the caller may not read, or a message to start from that is not in it.
pub async fn history(
    store: &Store,
    caller: &Caller,
    room: RoomId,
    window: Window,
    limit: i64,
) -> Result<History, Problem> {
    match store
        .history(caller.company, caller.user, room, window, limit)
        .await?
    {
        Read::Page(page) => Ok(page),
        Read::NoRoom => Err(Code::NotFound.into()),
        Read::NoPlace => {
            Err(Problem::new(Code::NotFound).with_detail("no such message in this room"))
        }
    }
}

/// One message.
///
/// # Errors
/// `not_found`, also when its room is none that the caller may read.
pub async fn get(store: &Store, caller: &Caller, id: MessageId) -> Result<Message, Problem> {
    let message = store.message(caller.company, caller.user, id).await?;
    message.ok_or_else(|| Code::NotFound.into())
}

fn written(message: &MessageView) -> Result<Written<MessageView>, Problem> {
    Written::new(message).map_err(Problem::internal)
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Inactive => Code::TokenInvalid.into(),
        Refusal::NoRoom => Code::NotFound.into(),
        Refusal::NotMember | Refusal::Role => {
            Problem::new(Code::Forbidden).with_detail(refusal.to_string())
        }
        Refusal::ReadOnly => Code::ReadOnly.into(),
        Refusal::Archived => Code::RoomArchived.into(),
        Refusal::SlowMode { wait_ms } => {
            let seconds = wait_ms.unsigned_abs().div_ceil(SECOND_MS);
            Problem::new(Code::SlowMode).retry_after(seconds)
        }
        Refusal::ClientIdReused => Code::ClientIdReused.into(),
        Refusal::NoReplyTarget => Problem::invalid(vec![FieldError::new(
            "reply_to",
            "not_found",
            refusal.to_string(),
        )]),
        Refusal::NoAttachment { place } => Problem::invalid(vec![FieldError::new(
            format!("attachments[{place}]"),
            "not_found",
            refusal.to_string(),
        )]),
    }
}
