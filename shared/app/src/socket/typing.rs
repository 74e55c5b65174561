//! Who is writing: told once to those who are there, kept nowhere.

use std::time::Duration;

use domain::RoomId;
use domain::room::{Action, can};
use live::limits::Rule;
use serde_json::json;
use store::Store;
use wire::event::Event;
use wire::problem::Code;

use crate::{Caller, Live, Problem};

/// Told at most once in this time per person and room; clients repeat every 3 s and forget after 5 s.
const PAUSE: Duration = Duration::from_millis(2_500);

/// Whether a person writes or has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// They write.
    Started,
    /// They stopped.
    Stopped,
}

/// Shows the others in a room that the caller is writing, or is not any more.
///
/// # Errors
/// `not_found` for a room that is not the caller's, `read_only` when they may not write there.
pub async fn typing(
    store: &Store,
    live: &Live,
    caller: &Caller,
    room: RoomId,
    writing: Writing,
) -> Result<(), Problem> {
    let standing = store
        .standing(caller.company, caller.user, room)
        .await?
        .ok_or(Code::NotFound)?;
    if !can(
        standing.role,
        standing.access,
        standing.status,
        Action::Write,
    ) {
        return Err(Code::ReadOnly.into());
    }
    let (kind, rule) = match writing {
        Writing::Started => ("typing.started", Rule::new("typing", 1, PAUSE)),
        Writing::Stopped => ("typing.stopped", Rule::new("typing_stop", 1, PAUSE)),
    };
    let subject = format!("{}:{room}", caller.user);
    if let Ok(verdict) = live.limit(&subject, &[rule]).await
        && !verdict.allowed
    {
        return Ok(());
    }
    let event = Event {
        kind: kind.to_owned(),
        room_id: Some(room),
        seq: None,
        at: caller.client.at,
        actor: Some(caller.user),
        data: json!({ "user_id": caller.user }),
    };
    live.announce(caller.company, room, &[event]).await;
    Ok(())
}
