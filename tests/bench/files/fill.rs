//! Files by the million, with names of the kind that people give.

use domain::search::index;
use serde_json::{Value, json};
use support::chatroom::Dice;
use support::{Hall, Stack};
use tokio_postgres::NoTls;
use uuid::Uuid;

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

/// Writes `count` files with names of the kind that people give, in turn into `rooms`, as the triggers would, but many
/// at a time.
pub(super) async fn fill(
    stack: &Stack,
    hall: &Hall,
    rooms: &[Uuid],
    count: u64,
) -> Result<(), app::Error> {
    let (sql, connection) = tokio_postgres::connect(&stack.postgres_owner, NoTls).await?;
    tokio::spawn(connection);
    let (company, person) = (hall.company.0, hall.people[0].0);
    let blob = support::rest::fresh_id();
    sql.execute(
        "insert into blobs (company_id, id, key, size, refs, created_at)
         values ($1, $2, 'bench/' || $2::uuid, 1, 1, now())",
        &[&company, &blob],
    )
    .await?;
    // Made anew at the end: a million rows one by one would take the longest of all.
    let mut after = Vec::new();
    for index in ["file_places_tokens", "company_places_tokens"] {
        let made = format!("select pg_get_indexdef('{index}'::regclass)");
        after.push(sql.query_one(&made, &[]).await?.get::<_, String>(0));
        sql.batch_execute(&format!("drop index {index}")).await?;
    }
    for table in ["files", "file_places"] {
        sql.batch_execute(&format!("alter table {table} disable trigger user"))
            .await?;
        after.push(format!("alter table {table} enable trigger user"));
    }
    // Other rolls for other rooms: no two files have one id.
    let mut dice = Dice(count + u64::try_from(rooms.len())?);
    let mut places = (0..).zip(rooms.iter().cycle()).zip(0..count).peekable();
    while places.peek().is_some() {
        let some = places.by_ref().take(CHUNK);
        let some: Vec<Value> = some
            .map(|((turn, room), at)| file(at, *room, turn / rooms.len(), &mut dice))
            .collect();
        sql.execute(FILL, &[&company, &person, &blob, &json!(some)])
            .await?;
    }
    after.extend(FILLED.map(|table| format!("vacuum analyze {table}")));
    for after in after {
        sql.batch_execute(&after).await?;
    }
    Ok(())
}

/// The tables that searches read.
const FILLED: [&str; 5] = [
    "files",
    "file_places",
    "file_buckets",
    "company_places",
    "company_buckets",
];

const FILL: &str = "
    with made as (
        insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, seq,
            created_at, search_text, grams)
        select $1, x.id, x.room, $3, $2, gen_random_uuid(), x.name, 'application/pdf', 1, x.seq, now(), x.text, x.grams
        from jsonb_to_recordset($4) as x (id uuid, room uuid, seq bigint, name text, text text, grams integer[])
        returning files
    ),
    placed as (
        select m.files as f, (m.files).room_id, (m.files).id, (m.files).seq / 65536 as bucket,
            x.at / 65536 as company_bucket
        from made m join jsonb_to_recordset($4) as x (id uuid, at bigint) on x.id = (m.files).id
    ),
    cut as (
        insert into file_buckets (company_id, room_id, number, from_id, files)
        select $1, m.room_id, m.bucket,
            case when m.bucket = 0 then '00000000-0000-0000-0000-000000000000'
                 else (array_agg(m.id order by m.id))[1] end,
            count(*)
        from placed m group by m.room_id, m.bucket
        on conflict (room_id, number) do update set files = file_buckets.files + excluded.files
    ),
    company_cut as (
        insert into company_buckets (company_id, number, from_id, places)
        select $1, m.company_bucket,
            case when m.company_bucket = 0 then '00000000-0000-0000-0000-000000000000'
                 else (array_agg(m.id order by m.id))[1] end,
            count(*)
        from placed m group by m.company_bucket
        on conflict (company_id, number) do update set places = company_buckets.places + excluded.places
    ),
    in_company as (
        insert into company_places (company_id, room_id, file_id, live, bucket, tokens)
        select $1, m.room_id, m.id, true, m.company_bucket, company_tokens_1(m.company_bucket::integer, m.f)
        from placed m
    )
    insert into file_places (company_id, room_id, file_id, added_by, added_at, live, bucket, tokens)
    select $1, m.room_id, m.id, $2, now(), true, m.bucket,
        bucket_tokens_1(m.room_id, m.bucket::integer, file_grams_1((m.f).grams, (m.f).uploader_id, (m.f).content_type))
    from placed m";

/// The `at`th file of all, the `seq`th of its room.
fn file(at: u64, room: Uuid, seq: usize, dice: &mut Dice) -> Value {
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
    json!({"id": id, "room": room, "at": at, "seq": seq, "name": name, "text": indexed.text, "grams": indexed.grams})
}
