//! Pages of files, and searches among a million names: common, uncommon, rare and absent words; of one room, and of all
//! of a person's.

mod fill;

use std::time::Instant;

use app::files;
use domain::RoomId;
use domain::file::{Filter, State};
use domain::search::Query;
use support::{Hall, Stack};
use uuid::Uuid;

use self::fill::fill;
use crate::report::{Table, Times};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Files in the room that is searched.
    #[arg(long, default_value_t = 1_000_000)]
    files: u64,
    /// Files in the room that is listed.
    #[arg(long, default_value_t = 100_000)]
    listed: u64,
    /// Rooms that as many files are spread over, to be searched all at once.
    #[arg(long, default_value_t = 500)]
    rooms: i64,
    /// Pages to read, and searches of each word.
    #[arg(long, default_value_t = 100)]
    pages: usize,
}

/// Page size.
const LIMIT: i64 = 50;
/// Words to search for: what they are, and how common.
const SEARCHES: [(&str, &str); 19] = [
    ("회의", "common"),
    ("회", "common, 1 syllable"),
    ("ㅎㅇ", "common, initials"),
    ("report", "common, Latin"),
    ("회의 report", "two common words"),
    ("주문서", "middling (1 in 50)"),
    ("주문서 report", "middling and common"),
    ("특별안건", "uncommon (1 in 1,000)"),
    ("appendix", "uncommon (1 in 1,000), Latin"),
    ("비밀문서", "rare (10)"),
    ("ㅂㅁㅁㅅ", "rare (10), initials"),
    ("kangaroo", "rare (10), Latin"),
    ("회의 비밀문서", "common and rare"),
    ("비밀문서 kangaroo", "two rare, never together"),
    ("특별안건 appendix", "two uncommon, never together"),
    ("31415", "rare, digits"),
    ("없는낱말", "absent"),
    ("뷁", "absent, 1 syllable"),
    ("restorations", "absent, Latin, of common pairs"),
];

/// Fills rooms: lists one, searches another, searches many at once.
pub(crate) async fn measure(options: &Options) -> Result<Table, app::Error> {
    let stack = Stack::plain();
    let mut table = Table::new("files");
    let hall = Hall::new(&stack.postgres, 1).await;
    fill(stack, &hall, &[hall.room.0], options.listed).await?;
    let figure = format!("page of {LIMIT} of {} files", options.listed);
    pages(&mut table, &hall, Some(hall.room), (&figure, options.pages)).await?;

    let hall = Hall::new(&stack.postgres, 1).await;
    fill(stack, &hall, &[hall.room.0], options.files).await?;
    searches(&mut table, &hall, Some(hall.room), options.pages).await?;

    let hall = Hall::new(&stack.postgres, 2).await;
    hall.fill_rooms(options.rooms, 0).await;
    let sql = format!(
        "select room_id from room_members where user_id = '{}'",
        hall.people[0].0
    );
    let rows = stack.query(&sql).await;
    let rooms: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    fill(stack, &hall, &rooms, options.files).await?;
    let figure = format!("page of {LIMIT} of all rooms");
    pages(&mut table, &hall, None, (&figure, options.pages)).await?;
    searches(&mut table, &hall, None, options.pages).await?;
    Ok(table)
}

/// Searches for every word in one room, or in all.
async fn searches(
    table: &mut Table,
    hall: &Hall,
    room: Option<RoomId>,
    times: usize,
) -> Result<(), app::Error> {
    let place = if room.is_some() { "" } else { "all rooms, " };
    for (word, what) in SEARCHES {
        let (mut taken, found) = search(hall, room, word, times).await?;
        let figure = format!("{place}{word}: {what}, {found} found");
        for (percent, label, most) in [(50, "p50", None), (95, "p95", Some(20.0))] {
            let took = taken.percentile_ms(percent);
            table.row(format!("{figure}, {label}"), took, "ms", most);
        }
    }
    Ok(())
}

/// Walks the list of one room, or of all, page by page.
async fn pages(
    table: &mut Table,
    hall: &Hall,
    room: Option<RoomId>,
    (figure, pages): (&str, usize),
) -> Result<(), app::Error> {
    let caller = hall.caller(hall.people[0]);
    let mut times = Times::default();
    let mut filter = filter(room, None);
    // The first one connects.
    for at in 0..=pages {
        let start = Instant::now();
        let page = files::list(&hall.store, &caller, filter.clone()).await;
        if at > 0 {
            times.push(start.elapsed());
        }
        let page = page.map_err(|problem| format!("{problem:?}"))?;
        filter.before = page.items.last().map(|file| file.id);
    }
    for (percent, label) in [(50, "p50"), (95, "p95")] {
        let took = times.percentile_ms(percent);
        table.row(format!("{figure}, {label}"), took, "ms", Some(5.0));
    }
    Ok(())
}

async fn search(
    hall: &Hall,
    room: Option<RoomId>,
    word: &str,
    times: usize,
) -> Result<(Times, usize), app::Error> {
    let caller = hall.caller(hall.people[0]);
    let filter = filter(room, Some(Query::parse(word)?));
    let (mut taken, mut found) = (Times::default(), 0);
    // The first one connects, and reads from the disk what the others find in memory.
    for at in 0..=times {
        let start = Instant::now();
        let page = files::list(&hall.store, &caller, filter.clone()).await;
        if at > 0 {
            taken.push(start.elapsed());
        }
        found = page.map_err(|problem| format!("{problem:?}"))?.items.len();
    }
    Ok((taken, found))
}

fn filter(room: Option<RoomId>, query: Option<Query>) -> Filter {
    Filter {
        room,
        thread: None,
        query,
        media: None,
        uploader: None,
        state: State::Standing,
        least: None,
        most: None,
        since: None,
        until: None,
        before: None,
        limit: LIMIT,
    }
}
