//! Announcements that were lost: somebody committed a change and died before anyone heard of it.

use live::Live;
use store::{Grown, Store};
use time::{Duration, OffsetDateTime};

use crate::Problem;
use crate::realtime::event;

/// How far back is looked: over the run before this one and the one before that.
const WINDOW: Duration = Duration::minutes(3);
/// What is younger is still on its way by whoever wrote it.
const SETTLED: Duration = Duration::seconds(5);
/// Most rooms of one run; those that wait longest come first.
const ROOMS: i64 = 5_000;
/// Most events that a room is told again: sockets that miss more see the gap and resume.
const EVENTS: i64 = 100;

/// Announces again what rooms' logs hold and their sockets were never told; answers in how many rooms.
///
/// Nobody is told anything twice in effect: clients go by the number.
///
/// # Errors
/// `unavailable` when Postgres or Redis does not answer.
pub async fn reannounce(store: &Store, live: &Live, now: OffsetDateTime) -> Result<u32, Problem> {
    let mut grown = store.grown(now - WINDOW, now - SETTLED, ROOMS).await?;
    grown.sort_by_key(|it| (it.company, it.room));
    let mut told = 0;
    for of_one in grown.chunk_by(|a, b| a.company == b.company) {
        let Some(first) = of_one.first() else {
            continue;
        };
        let rooms: Vec<_> = of_one.iter().map(|it| it.room).collect();
        let heads = live.heads(first.company, &rooms).await?;
        for (grown, head) in of_one.iter().zip(heads) {
            if let Some(after) = untold(grown, head) {
                let events = store.log_of(grown, after).await?;
                let events: Vec<_> = events.into_iter().map(event).collect();
                live.announce(grown.company, grown.room, &events).await;
                told += 1;
            }
        }
    }
    Ok(told)
}

/// After which number a room's sockets must be told; `None` when they were. Where nothing is known (a flush), the
/// last event alone shows who missed something.
fn untold(grown: &Grown, head: Option<i64>) -> Option<i64> {
    match head {
        Some(head) if head >= grown.seq => None,
        Some(head) => Some(head.max(grown.seq - EVENTS)),
        None => Some(grown.seq - 1),
    }
}

#[cfg(test)]
mod tests {
    use domain::{CompanyId, RoomId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_was_never_told_is_told_and_never_too_much() {
        let grown = Grown {
            company: CompanyId(Uuid::nil()),
            room: RoomId(Uuid::nil()),
            seq: 500,
        };
        assert_eq!(untold(&grown, Some(500)), None);
        assert_eq!(untold(&grown, Some(501)), None);
        assert_eq!(untold(&grown, Some(498)), Some(498));
        assert_eq!(untold(&grown, Some(3)), Some(400));
        assert_eq!(untold(&grown, None), Some(499));
    }
}
