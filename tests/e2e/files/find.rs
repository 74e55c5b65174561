//! R-F4: finding files by name, type, sender, size, date.

use domain::search::{Query, index_text};
use serde_json::json;
use support::chatroom::Dice;
use support::sender::Sender;

use super::{Shelf, ids, put};

#[tokio::test]
async fn r_f4_files_are_found_by_what_is_known_of_them() {
    let shelf = Shelf::with("주간 회의록.hwp").await;
    let writer = shelf.colleague("full").await;
    let big = put(&writer, &shelf.room, "Annual REPORT.pdf", 5_000, 2).await;
    let mut body = support::sender::start(&shelf.room, "사진 100%.png", 10, "none");
    body["content_type"] = json!("image/png");
    let started = shelf.owner.post("/v1/uploads", body).await.ok();
    let sender = Sender::resume(&started["upload"], bytes::Bytes::from_static(b"0123456789"));
    sender.send_all(&shelf.owner).await;
    let photo = sender.complete(&shelf.owner).await.ok()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let find = async |query: &str| ids(&shelf.owner.get(&format!("/v1/files?{query}")).await.ok());
    let week = shelf.file.clone();
    for (query, found) in [
        ("q=회의", vec![&week]),
        ("q=ㅎㅇㄹ", vec![&week]),
        ("q=report", vec![&big]),
        ("q=회의 주간", vec![&week]),
        ("q=회의 월간", vec![]),
        ("q=100%25", vec![&photo]),
        ("q=1_0", vec![]),
        ("q=진", vec![&photo]),
        ("type=image/*", vec![&photo]),
        ("type=image/png", vec![&photo]),
        ("type=image/gif", vec![]),
        ("min_size=5000", vec![&big]),
        ("max_size=10", vec![&photo]),
        ("from=2020-01-01T00:00:00Z&q=report", vec![&big]),
        ("to=2020-01-01T00:00:00Z", vec![]),
        ("state=available&max_size=1000", vec![&photo, &week]),
    ] {
        assert_eq!(
            find(query).await.iter().collect::<Vec<_>>(),
            found,
            "{query}"
        );
    }
    assert_eq!(find(&format!("uploader_id={}", writer.id)).await, [big]);
    let wrong = shelf
        .owner
        .get("/v1/files?q=&type=image&min_size=-1&from=today")
        .await;
    let fields: Vec<_> = wrong.fields().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["q", "type", "min_size", "from"]);
}

/// Names made of common words, the same in every run; one in a thousand also has a rare one.
pub(super) fn made_up(count: usize, dice: &mut Dice) -> Vec<String> {
    let words = [
        "회의",
        "회의록",
        "예산",
        "보고서",
        "Report",
        "사진",
        "ㅋㅋ",
        "budget",
        "돈",
        "최종",
        "v2",
    ];
    let name = |at: usize| {
        let rare = if at % 1_000 == 3 { " 비밀" } else { "" };
        let (one, two) = (words[dice.roll(words.len())], words[dice.roll(words.len())]);
        format!("{one}{two} {}{rare}.pdf", dice.roll(500))
    };
    (0..count).map(name).collect()
}

impl Shelf {
    /// Puts files of these names into its room, as code that knows no search would.
    pub(super) async fn fill(&self, names: &[String], dice: &Dice) {
        let sql = format!(
            "insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, seq, created_at)
             select f.company_id, (lpad(to_hex(1700000000000 + n.at), 12, '0') || '70008000' || lpad(to_hex(n.at), 12, '0'))::uuid,
                 f.room_id, f.blob_id, f.uploader_id, gen_random_uuid(), n.name, 'application/pdf', 0, f.seq, now()
             from files f, lateral (
                 select name, $2::bigint + at as at from unnest($1::text[]) with ordinality as u (name, at)
             ) n where f.id = '{}'",
            self.file
        );
        let sql = sql.replace(
            "1700000000000",
            &format!("{}", 1_700_000_000_000_u64 + dice.0 % 1_000_000_000),
        );
        // In pieces: a statement has five seconds, also on a busy machine.
        for (piece, names) in names.chunks(250).enumerate() {
            let before = piece as i64 * 250;
            let made = self.stack.execute(&sql, &[&names, &before]).await;
            assert_eq!(made.expect("Postgres answers"), names.len() as u64);
        }
        // What old code writes is told to the search by the reaper.
        while self.reap("minute").await["done"]["files_indexed"].is_u64() {}
    }

    /// How many files all pages of a search have, each once, of the `scope` that begins the query; each has to match by
    /// its name.
    pub(super) async fn count(&self, scope: &str, text: &str) -> usize {
        let query = Query::parse(text).expect("words");
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/files?{scope}&q={text}&limit=100{cursor}");
            let page = self.owner.get(&path).await.ok();
            for item in page["items"].as_array().expect("items") {
                let name = item["name"].as_str().expect("a name");
                assert!(query.matches(&index_text(name)), "{text} in {name}");
            }
            found.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert!(
            found.is_sorted_by(|newer, older| newer > older),
            "{text}: newest first, each once"
        );
        found.len()
    }
}

/// Words of all kinds for the names of [`made_up`].
pub(super) const TEXTS: [&str; 11] = [
    "회의",
    "돈",
    "비밀",
    "ㅎㅇㄹ",
    "report 4",
    "없는말",
    "99",
    "ㅋ",
    "회의록최종 1",
    "u",
    "pdf",
];

/// How many of `names` a plain scan finds by the same rule.
pub(super) fn scan(names: &[String], text: &str) -> usize {
    let query = Query::parse(text).expect("words");
    let found = names.iter().filter(|name| query.matches(&index_text(name)));
    found.count()
}

/// More files than are walked, so that tokens decide: every answer is what a plain scan with the same rule finds.
#[tokio::test]
async fn r_m7_a_search_finds_exactly_what_a_plain_scan_finds() {
    let shelf = Shelf::with("first.pdf").await;
    let mut dice = Dice(7);
    let mut names = made_up(4_000, &mut dice);
    shelf.fill(&names, &dice).await;
    names.push("first.pdf".to_owned());
    let room = format!("room_id={}", shelf.room);
    for text in TEXTS {
        let expected = scan(&names, text);
        assert_eq!(shelf.count(&room, text).await, expected, "{text}");
    }
}
