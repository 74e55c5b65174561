//! Telling rooms and people what a change wrote into their logs.

use domain::{CompanyId, RoomId};
use live::Live;
use store::uploads::Happened;
use wire::event::Event;

use crate::realtime;

/// Announces everything: each room's events in order, and what people's own logs got.
pub(super) async fn announce(live: &Live, company: CompanyId, happened: Happened) {
    let mut events: Vec<Event> = happened.events.into_iter().map(realtime::event).collect();
    // Stable: the events of one room stay in order.
    events.sort_by_key(|event| event.room_id);
    for of_room in events.chunk_by(|a, b| a.room_id == b.room_id) {
        if let Some(room) = room(of_room) {
            live.announce(company, room, of_room).await;
        }
    }
    for (user, logged) in happened.told {
        live.tell(company, user, &[realtime::event(logged)]).await;
    }
}

fn room(events: &[Event]) -> Option<RoomId> {
    events.first().and_then(|event| event.room_id)
}
