//! A page of the list of rooms of a person who is in many, with unread counts and last messages.

use std::time::Instant;

use store::{RoomsFilter, RoomsScope};
use support::{Hall, Stack};

use crate::report::{Table, Times};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rooms of the person.
    #[arg(long, default_value_t = 500)]
    rooms: i64,
    /// Lists to read of each kind.
    #[arg(long, default_value_t = 200)]
    lists: usize,
}

/// The longest page of the API.
const LONGEST: i64 = 100;
/// Messages in each room, none of them read.
const UNREAD: i64 = 20;

/// Fills rooms, lists the first page of them.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let hall = Hall::new(&Stack::plain().postgres, 2).await;
    hall.fill_rooms(options.rooms, UNREAD).await;
    let mut table = Table::new("rooms");
    for limit in [50, LONGEST] {
        let mut times = Times::default();
        for _ in 0..options.lists {
            let start = Instant::now();
            let filter = RoomsFilter {
                scope: RoomsScope::Mine,
                kind: None,
                status: None,
                name: "",
                after: None,
                limit,
            };
            let found = hall.store.rooms(hall.company, hall.people[1], &filter);
            if found.await?.map_err(|_| "the person is active")?.is_empty() {
                return Err("the person is in rooms".into());
            }
            times.push(start.elapsed());
        }
        let name = format!("{limit} of {} rooms, in the store", options.rooms);
        for (percent, label) in [(50, "p50"), (95, "p95")] {
            let took = times.percentile_ms(percent);
            table.row(format!("{name}, {label}"), took, "ms", Some(10.0));
        }
    }
    Ok(table)
}
