//! R-F4: the same answers in all rooms of a person as in one, in few rooms and in so many that the company is searched.

use serde_json::json;
use support::chatroom::Dice;
use support::sender::{let_in, room};

use super::find::{TEXTS, made_up, scan};
use super::{Shelf, ids, put};

/// More than are searched one by one.
const MANY: i64 = 70;

impl Shelf {
    /// Lets the owner into so many further rooms, and has the first counted as one with so many files, that searches in
    /// all of them take the other way.
    async fn many_rooms(&self) {
        let sql = "with made as (
                 insert into rooms (company_id, id, type, name, name_key, created_by, member_limit, member_count,
                     last_activity_at, created_at)
                 select r.company_id, gen_random_uuid(), 'private', 'n' || n, 'n' || n, r.created_by, 10, 1, now(),
                     now()
                 from rooms r, generate_series(1, $2::bigint) n where r.id = $1
                 returning *
             )
             insert into room_members (company_id, room_id, user_id, role, joined_at)
             select company_id, id, created_by, 'creator', now() from made";
        let room: uuid::Uuid = self.room.parse().expect("an id");
        let made = self.stack.execute(sql, &[&room, &MANY]).await;
        assert_eq!(made.expect("Postgres answers"), MANY as u64);
        let sql = "update file_buckets set files = files + 10000 where room_id = $1";
        let counted = self.stack.execute(sql, &[&room]).await;
        assert_eq!(counted.expect("Postgres answers"), 1);
    }

    async fn find(&self, query: &str) -> Vec<String> {
        ids(&self.owner.get(&format!("/v1/files?{query}")).await.ok())
    }
}

#[tokio::test]
async fn r_f4_many_rooms_are_searched_as_few_are() {
    let shelf = Shelf::with("주간 회의록.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let both = put(&shelf.owner, &other, "회의 예산.pdf", 5_000, 2).await;
    let gone = put(&shelf.owner, &other, "회의 폐기.pdf", 10, 3).await;
    let late = put(&shelf.owner, &other, "사진.pdf", 20, 4).await;
    let file = |id: &str, rest: &str| format!("/v1/files/{id}{rest}");

    let colleague = shelf.stack.person_in(&shelf.owner).await;
    let theirs = room(&colleague, "남의 방").await;
    let left = put(&colleague, &theirs, "회의 남의 것.pdf", 30, 5).await;
    let_in(&colleague, &theirs, &shelf.owner, "full").await;

    let shown = file(&both, &format!("/rooms/{}", shelf.room));
    assert_eq!(shelf.owner.put(&shown, json!({})).await.status, 204);
    assert_eq!(
        shelf.find("q=회의").await,
        [&left, &gone, &both, &shelf.file].map(String::clone)
    );
    shelf.many_rooms().await;
    assert_eq!(
        shelf.find("q=회의").await,
        [&left, &gone, &both, &shelf.file].map(String::clone)
    );

    assert_eq!(shelf.owner.delete(&file(&gone, "")).await.status, 204);
    let leave = format!("/v1/chatrooms/{theirs}/leave");
    assert_eq!(shelf.owner.post(&leave, json!({})).await.status, 204);
    let renamed = json!({"name": "회의 사진.pdf"});
    drop(shelf.owner.patch(&file(&late, ""), renamed).await.ok());
    let expected = [&late, &both, &shelf.file].map(String::clone);
    assert_eq!(shelf.find("q=회의").await, expected);
    assert_eq!(shelf.find("").await, expected);
    let mine = format!("uploader_id={}", shelf.owner.id);
    let theirs = format!("uploader_id={}", colleague.id);
    for (query, found) in [
        ("q=ㅎㅇ 사진", vec![&late]),
        ("q=폐기", vec![]),
        ("min_size=5000", vec![&both]),
        ("q=회의&max_size=4999", vec![&late, &shelf.file]),
        ("type=image/*", vec![]),
        (&mine, vec![&late, &both, &shelf.file]),
        (&theirs, vec![]),
        ("to=2020-01-01T00:00:00Z", vec![]),
        ("from=2020-01-01T00:00:00Z&q=예산", vec![&both]),
    ] {
        assert_eq!(
            shelf.find(query).await.iter().collect::<Vec<_>>(),
            found,
            "{query}"
        );
    }

    let restored = shelf.owner.post(&file(&gone, "/restore"), json!({})).await;
    drop(restored.ok());
    assert_eq!(shelf.find("q=폐기").await, [gone]);
    assert_eq!(shelf.owner.delete(&shown).await.status, 204);
    assert_eq!(
        shelf.find("q=예산").await,
        [both],
        "the other room still shows it"
    );
}

#[tokio::test]
async fn r_f4_what_is_taken_away_from_a_room_is_found_there_no_more() {
    let shelf = Shelf::with("ours.pdf").await;
    let colleague = shelf.stack.person_in(&shelf.owner).await;
    let theirs = room(&colleague, "남의 방").await;
    let lent = put(&colleague, &theirs, "빌린 것.pdf", 30, 2).await;
    let_in(&shelf.owner, &shelf.room, &colleague, "full").await;
    shelf.many_rooms().await;
    let shown = format!("/v1/files/{lent}/rooms/{}", shelf.room);
    assert_eq!(colleague.put(&shown, json!({})).await.status, 204);
    assert_eq!(shelf.find("q=빌린").await, [lent]);
    assert_eq!(colleague.delete(&shown).await.status, 204);
    assert_eq!(shelf.find("q=빌린").await, [""; 0]);
    assert_eq!(shelf.find("").await, [shelf.file.as_str()]);
}

/// More files than are walked, so that tokens decide, and more pages than one.
#[tokio::test]
async fn r_f4_a_search_in_all_rooms_finds_exactly_what_a_plain_scan_finds() {
    let shelf = Shelf::with("first.pdf").await;
    let mut dice = Dice(11);
    let mut names = made_up(3_000, &mut dice);
    shelf.fill(&names, &dice).await;
    shelf.many_rooms().await;
    names.push("first.pdf".to_owned());
    for text in TEXTS {
        assert_eq!(shelf.count("", text).await, scan(&names, text), "{text}");
    }
}
