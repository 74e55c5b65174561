//! Reading on over REST, in one room and in all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{Person, Stack};

use super::{grow, last_seq, room, say};

/// Reads on until there is no more; answers the seqs by room, and the cursor.
async fn news(
    person: &Person,
    cursor: &str,
    limit: i64,
) -> (BTreeMap<String, Vec<i64>>, Value, String) {
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let (mut cursor, mut reset) = (cursor.to_owned(), Vec::new());
    loop {
        let page = person
            .get(&format!("/v1/sync?limit={limit}&cursor={cursor}"))
            .await
            .ok();
        for event in page["events"].as_array().expect("events") {
            let room = event["room_id"].as_str().expect("a room").to_owned();
            found
                .entry(room)
                .or_default()
                .push(event["seq"].as_i64().expect("a seq"));
        }
        reset.extend(page["reset"].as_array().expect("rooms").clone());
        cursor = page["cursor"].as_str().expect("a cursor").to_owned();
        if page["more"] == false {
            return (found, Value::Array(reset), cursor);
        }
    }
}

#[tokio::test]
async fn r_r3_a_rooms_log_is_read_page_by_page() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let start = last_seq(&minji, &room).await;
    grow(stack, &room, 25).await;
    let (mut after, mut seqs) = (start, Vec::new());
    loop {
        let path = format!("/v1/chatrooms/{room}/events?after={after}&limit=10");
        let page = minji.get(&path).await.ok();
        let events = page["events"].as_array().expect("events").clone();
        seqs.extend(events.iter().filter_map(|event| event["seq"].as_i64()));
        let Some(last) = seqs.last().copied().filter(|_| !events.is_empty()) else {
            break;
        };
        assert_eq!(page["last_seq"], start + 25);
        after = last;
    }
    assert_eq!(seqs, (start + 1..=start + 25).collect::<Vec<_>>());
    let bad = minji
        .get(&format!("/v1/chatrooms/{room}/events?after=-1&limit=0"))
        .await;
    assert_eq!(bad.fields().len(), 2);
}

#[tokio::test]
async fn r_r3_sync_tells_everything_once() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(room(&minji, &[]).await);
    }
    let first = minji.get("/v1/sync").await.ok();
    assert_eq!(first["rooms"].as_array().map(Vec::len), Some(5));
    let mut cursor = first["cursor"].as_str().expect("a cursor").to_owned();
    let start = last_seq(&minji, &rooms[0]).await;
    for round in 0..3 {
        for room in &rooms[..3] {
            grow(stack, room, 11).await;
        }
        let (found, reset, next) = news(&minji, &cursor, 7).await;
        assert_eq!(reset, json!([]));
        assert_eq!(found.len(), 3);
        let from = start + round * 11;
        for room in &rooms[..3] {
            assert_eq!(found[room], (from + 1..=from + 11).collect::<Vec<_>>());
        }
        assert!(next.len() < 400, "{next}");
        cursor = next;
    }
    assert!(news(&minji, &cursor, 7).await.0.is_empty());
}

#[tokio::test]
async fn r_r3_sync_misses_nothing_that_is_stored_meanwhile() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let others = [stack.person_in(&minji).await, stack.person_in(&minji).await];
    let room = room(&minji, &[&others[0], &others[1]]).await;
    let first = minji.get("/v1/sync").await.ok();
    let start = last_seq(&minji, &room).await;
    let talk = futures_util::future::join_all(others.iter().map(|person| {
        let room = &room;
        async move {
            for n in 0..9 {
                say(person, room, &format!("{n}")).await;
            }
        }
    }));
    let follow = async {
        let (mut cursor, mut seqs) = (
            first["cursor"].as_str().expect("a cursor").to_owned(),
            vec![],
        );
        while seqs.len() < 18 {
            let (mut found, _, next) = news(&minji, &cursor, 4).await;
            seqs.extend(found.remove(&room).unwrap_or_default());
            cursor = next;
        }
        seqs
    };
    let (_, seqs) = tokio::join!(talk, follow);
    assert_eq!(seqs, (start + 1..=start + 18).collect::<Vec<_>>());
}

#[tokio::test]
async fn r_r3_sync_resets_what_is_too_far_behind() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (far, near) = (room(&minji, &[]).await, room(&minji, &[]).await);
    let first = minji.get("/v1/sync").await.ok();
    grow(stack, &far, 5_200).await;
    grow(stack, &near, 2).await;
    let cursor = first["cursor"].as_str().expect("a cursor");
    for limit in [1, 200] {
        let (found, reset, _) = news(&minji, cursor, limit).await;
        assert_eq!(reset, json!([far]));
        assert_eq!(found[&near].len(), 2);
    }
    let made_up = minji.get("/v1/sync?cursor=bm90IG91cnM").await;
    assert_eq!(made_up.refusal(), (422, "invalid"));
}
