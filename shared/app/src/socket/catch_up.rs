//! Catching up: what a socket missed.

use std::collections::{BTreeMap, HashSet};

use domain::RoomId;
use live::{Connection, frames};
use store::{Missed, Store};
use wire::event::Event;
use wire::problem::Code;
use wire::socket::{Behind, Cursors, Resumed, RoomHead};

use crate::realtime::event;
use crate::{Caller, Live, Problem};

/// Events of one group: read together, sent together.
const GROUP: i64 = 500;
/// Groups of one resume; then the client asks again.
const GROUPS: usize = 10;

/// Says which of a client's cursors are behind, and makes sure that the socket is still listed.
///
/// # Errors
/// `token_invalid` when the person or the session is no longer active.
pub async fn ping(
    store: &Store,
    live: &Live,
    caller: &Caller,
    connection: &Connection,
    cursors: &Cursors,
) -> Result<Behind, Problem> {
    let (heads, listed) = tokio::join!(
        store.heads(caller.company, caller.user, caller.session),
        live.listens(caller.user, &connection.id)
    );
    let heads = heads?.ok_or(Code::TokenInvalid)?;
    if matches!(listed, Ok(false)) {
        let rooms: Vec<RoomId> = heads.rooms.iter().map(|(room, _)| *room).collect();
        let again = async {
            let target = live.connected(connection).await?;
            live.listen(caller.company, &target, &rooms).await
        };
        if let Err(error) = again.await {
            tracing::warn!(error = ?error, "a socket is not indexed; its next ping tries again");
        }
    }
    Ok(behind(&heads.rooms, heads.user, cursors))
}

/// Sends a socket what it missed, in order log by log, and answers where that leads.
///
/// A client that missed very much is told that there is more, and asks again.
///
/// # Errors
/// `unavailable` when Postgres or the socket does not answer.
pub async fn resume(
    store: &Store,
    live: &Live,
    caller: &Caller,
    connection: &Connection,
    cursors: Cursors,
) -> Result<Resumed, Problem> {
    let mut rooms: BTreeMap<RoomId, i64> = cursors.rooms.into_iter().collect();
    let mut own = cursors.user;
    let mut answer = Resumed::default();
    for _ in 0..GROUPS {
        let asked: Vec<(RoomId, i64)> = rooms.iter().map(|(id, seq)| (*id, *seq)).collect();
        let missed = store
            .missed(caller.company, caller.user, &asked, own, GROUP)
            .await?;
        let full = i64::try_from(missed.events.len()).is_ok_and(|count| count >= GROUP);
        let texts: Vec<String> = advance(missed, &mut rooms, &mut own, &mut answer)
            .iter()
            .map(frames::text)
            .collect();
        let packed = frames::pack(texts.iter().map(String::as_str));
        if !packed.is_empty() && !live.post(&connection.id, &packed).await? {
            return Ok(answer);
        }
        answer.more = full;
        if !full {
            break;
        }
    }
    (answer.rooms, answer.user) = (rooms, own);
    Ok(answer)
}

/// Moves the cursors past what was found, and drops those that lead nowhere.
fn advance(
    missed: Missed,
    rooms: &mut BTreeMap<RoomId, i64>,
    own: &mut Option<i64>,
    answer: &mut Resumed,
) -> Vec<Event> {
    let mine: HashSet<RoomId> = missed.mine.iter().copied().collect();
    answer
        .gone
        .extend(rooms.keys().filter(|room| !mine.contains(room)));
    answer.reset.extend(&missed.reset);
    for room in answer.gone.iter().chain(&answer.reset) {
        rooms.remove(room);
    }
    if missed.reset_user {
        answer.reset_user = true;
        *own = None;
    }
    for entry in &missed.events {
        match entry.room {
            Some(room) => drop(rooms.insert(room, entry.seq)),
            None => *own = Some(entry.seq),
        }
    }
    missed.events.into_iter().map(event).collect()
}

fn behind(rooms: &[(RoomId, i64)], user: i64, cursors: &Cursors) -> Behind {
    let mine: HashSet<RoomId> = rooms.iter().map(|(room, _)| *room).collect();
    let mut gone: Vec<RoomId> = cursors
        .rooms
        .keys()
        .filter(|room| !mine.contains(room))
        .copied()
        .collect();
    gone.sort();
    Behind {
        rooms: rooms
            .iter()
            .filter(|(room, seq)| cursors.rooms.get(room).is_some_and(|at| at != seq))
            .map(|(id, seq)| RoomHead { id: *id, seq: *seq })
            .collect(),
        user_seq: cursors.user.filter(|at| *at != user).map(|_| user),
        gone,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_ping_hears_what_grew_and_what_is_gone() {
        let [a, b, c] = [1, 2, 3].map(|n| RoomId(Uuid::from_u128(n)));
        let cursors = Cursors {
            rooms: HashMap::from([(a, 5), (b, 7), (c, 1)]),
            user: Some(2),
        };
        let answer = behind(&[(a, 5), (b, 9)], 3, &cursors);
        assert_eq!(answer.rooms, [RoomHead { id: b, seq: 9 }]);
        assert_eq!(answer.user_seq, Some(3));
        assert_eq!(answer.gone, [c]);
        let silent = behind(&[(a, 5)], 3, &Cursors::default());
        assert_eq!(silent, Behind::default());
    }
}
