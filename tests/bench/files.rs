//! A page of a room's files, and searches among a million names: common, uncommon, rare and absent words.

use std::time::Instant;

use app::files;
use domain::RoomId;
use domain::file::{Filter, State};
use domain::search::{Query, index};
use serde_json::{Value, json};
use support::chatroom::Dice;
use support::{Hall, Stack};
use tokio_postgres::NoTls;
use uuid::Uuid;

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
/// Files that one statement writes.
const CHUNK: usize = 20_000;
/// What names are made of: each word stands in about one name of thirteen.
const WORDS: [&str; 26] = [
    "회의",
    "보고서",
    "예산",
    "계약",
    "견적",
    "사진",
    "녹화",
    "디자인",
    "기획",
    "인사",
    "회계",
    "매출",
    "주간",
    "월간",
    "report",
    "budget",
    "design",
    "meeting",
    "invoice",
    "photo",
    "scan",
    "draft",
    "final",
    "review",
    "contract",
    "plan",
];

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
    let mut times = list(&hall, options.pages).await?;
    let figure = format!("page of {LIMIT} of {} files", options.listed);
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

/// Walks the list page by page.
async fn list(hall: &Hall, pages: usize) -> Result<Times, app::Error> {
    let caller = hall.caller(hall.people[0]);
    let mut times = Times::default();
    let mut filter = filter(Some(hall.room), None);
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
    Ok(times)
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

/// Writes `count` files with names of the kind that people give, in turn into `rooms`, as the triggers would, but many
/// at a time.
async fn fill(stack: &Stack, hall: &Hall, rooms: &[Uuid], count: u64) -> Result<(), app::Error> {
    let (sql, connection) = tokio_postgres::connect(&stack.postgres_owner, NoTls).await?;
    tokio::spawn(connection);
    let (company, person) = (hall.company.0, hall.people[0].0);
    let blob = support::rest::fresh_id();
    sql.execute(
        "insert into blobs (company_id, id, key, size, refs, created_at) values ($1, $2, 'bench/' || $2::uuid, 1, 1, now())",
        &[&company, &blob],
    )
    .await?;
    sql.batch_execute("alter table files disable trigger user")
        .await?;
    // Made anew at the end: a million rows one by one would take the longest of all.
    let index = "select pg_get_indexdef('file_places_tokens'::regclass)";
    let index: String = sql.query_one(index, &[]).await?.get(0);
    sql.batch_execute("drop index file_places_tokens").await?;
    let turns = u64::try_from(rooms.len())?;
    // Other rolls for other rooms: no two files have one id.
    let mut dice = Dice(count + turns);
    for (turn, room) in (0..).zip(rooms) {
        let mut own = (turn..count).step_by(rooms.len()).peekable();
        while own.peek().is_some() {
            let some = own.by_ref().take(CHUNK);
            let some: Vec<Value> = some.map(|at| file(at, at / turns, &mut dice)).collect();
            sql.execute(FILL, &[&company, room, &person, &blob, &json!(some)])
                .await?;
        }
    }
    for after in [
        &index,
        "alter table files enable trigger user",
        "vacuum analyze files",
        "vacuum analyze file_places",
    ] {
        sql.batch_execute(after).await?;
    }
    Ok(())
}

const FILL: &str = "
    with made as (
        insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, seq,
            created_at, search_text, grams)
        select $1, x.id, $2, $4, $3, gen_random_uuid(), x.name, 'application/pdf', 1, x.at, now(), x.text, x.grams
        from jsonb_to_recordset($5) as x (id uuid, at bigint, name text, text text, grams integer[])
        returning *
    ),
    cut as (
        insert into file_buckets (company_id, room_id, number, from_id, files)
        select $1, $2, (m.seq / 65536)::integer,
            case when m.seq < 65536 then '00000000-0000-0000-0000-000000000000' else (array_agg(m.id order by m.id))[1] end,
            count(*)
        from made m group by (m.seq / 65536)::integer, m.seq < 65536
        on conflict (room_id, number) do update set files = file_buckets.files + excluded.files
    )
    insert into file_places (company_id, room_id, file_id, added_by, added_at, live, bucket, tokens)
    select $1, $2, m.id, $3, now(), true, (m.seq / 65536)::integer,
        bucket_tokens_1($2, (m.seq / 65536)::integer, file_grams_1(m.grams, m.uploader_id, m.content_type))
    from made m";

/// The `at`th file of all, the `seq`th of its room.
fn file(at: u64, seq: u64, dice: &mut Dice) -> Value {
    let mut word = || WORDS[dice.roll(WORDS.len())];
    let (one, two) = (word(), word());
    let special = match at {
        at if at % 1_000 == 1 => " 특별안건",
        at if at % 1_000 == 2 => " appendix",
        at if at % 50 == 7 => " 주문서",
        at if at % 100_000 == 3 => " 비밀문서",
        at if at % 100_000 == 4 => " kangaroo",
        _ => "",
    };
    let name = format!("{one} {two}{special} {}.pdf", dice.roll(100_000));
    let indexed = index(&name);
    // As version 7 has them: in the order in which they were made.
    let id = Uuid::from_u64_pair(
        (0x0190_0000_0000 + at) << 16 | 0x7000,
        1 << 63 | u64::try_from(dice.roll(1 << 40)).unwrap_or(at),
    );
    json!({"id": id, "at": seq, "name": name, "text": indexed.text, "grams": indexed.grams})
}
