//! Telling rooms and people what a change wrote into their logs.

use domain::scan::ScanStatus;
use domain::upload::Upload;
use domain::{CompanyId, RoomId};
use live::Live;
use store::uploads::{Became, By, Happened};
use wire::event::Event;

use super::complete::Outcome;
use super::{Deps, places, progress, sweep};
use crate::{Problem, realtime, scans};

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

/// Tells everybody what an upload has become, and frees what it held.
pub(super) async fn told(
    deps: &Deps,
    upload: Upload,
    became: Became,
    by: &By<'_>,
) -> Result<Outcome, Problem> {
    let at = by.origin.at;
    let file = became.file;
    let (company, uploader) = (upload.company, upload.uploader);
    let upload = upload.join(None).and_then(|it| it.complete(file.id, at));
    let upload = upload.map_err(Problem::internal)?;
    announce(&deps.live, company, became.happened).await;
    progress::announce_end(deps, &upload, at).await;
    if file.scan == ScanStatus::Infected {
        // The scanner was quicker than the file, and could tell nobody.
        let about = (company, file.room, file.id);
        scans::warn(&deps.store, &deps.live, about, at).await?;
    }
    if became.duplicate {
        sweep::tidy(deps, &upload, at).await;
    }
    if became.waits {
        places::fill(deps, company, uploader, by).await;
    }
    Ok(Outcome::Done(Box::new(file)))
}

fn room(events: &[Event]) -> Option<RoomId> {
    events.first().and_then(|event| event.room_id)
}
