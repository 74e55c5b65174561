//! A page of 50 in a large room and in a small one, from the end and from random places.

use std::time::Instant;

use domain::history::{Place, Window};
use store::Read;
use support::{Hall, Stack};

use crate::report::{Table, Times};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Messages in the large room.
    #[arg(long, default_value_t = 1_000_000)]
    messages: i64,
    /// Pages to read of each kind.
    #[arg(long, default_value_t = 500)]
    pages: usize,
}

/// Messages in the small room.
const FEW: i64 = 100;
/// Page size.
const LIMIT: i64 = 50;

/// Fills two rooms, reads pages of each kind.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let url = &Stack::plain().postgres;
    let mut table = Table::new("history");
    for count in [FEW, options.messages] {
        let hall = Hall::new(url, 1).await;
        hall.fill(count).await;
        for (name, window) in [
            ("newest", (|_| Window::Latest) as fn(i64) -> Window),
            ("before a random place", |at| Window::Before(Place::Seq(at))),
            ("after a random place", |at| Window::After(Place::Seq(at))),
            ("around a random place", |at| Window::Around(Place::Seq(at))),
        ] {
            let mut times = pages(&hall, count, options.pages, window).await?;
            let figure = format!("page of {LIMIT} of {count}, {name}");
            table.row(
                format!("{figure}, p50"),
                times.percentile_ms(50),
                "ms",
                Some(5.0),
            );
            table.row(
                format!("{figure}, p95"),
                times.percentile_ms(95),
                "ms",
                Some(5.0),
            );
        }
    }
    Ok(table)
}

async fn pages(
    hall: &Hall,
    count: i64,
    pages: usize,
    window: fn(i64) -> Window,
) -> Result<Times, app::Error> {
    let mut times = Times::default();
    let mut place = 1;
    for _ in 0..pages {
        // Places all over the room, the same ones in every run.
        place = (place * 48_271) % 2_147_483_647;
        let window = window(1 + place % count);
        let start = Instant::now();
        let found = hall
            .store
            .history(hall.company, hall.people[0], hall.room, window, LIMIT);
        let Read::Page(_) = found.await? else {
            return Err("the room is not readable".into());
        };
        times.push(start.elapsed());
    }
    Ok(times)
}
