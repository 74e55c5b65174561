//! R-U7: what is used and left, who is warned, and figures that come right again.

use serde_json::{Value, json};
use support::sender::{bytes, let_in, room, start, upload};
use support::{Person, Socket};

use super::faults::alone;
use super::{Desk, desk};

const GB: u64 = 1_000_000_000;

impl Desk {
    async fn reserve(&self, gigabytes: u64) -> String {
        let body = start(&self.room, "a.bin", gigabytes * GB, "none");
        let begun = self.person.post("/v1/uploads", body).await.ok();
        begun["upload"]["id"].as_str().expect("an id").to_owned()
    }
}

fn warning(event: &Value) -> bool {
    event["type"] == "storage.warning"
}

/// The marks that somebody was warned of, in the order of their own log.
async fn warned(desk: &Desk, person: &Person) -> Vec<i32> {
    let sql = format!(
        "select (payload ->> 'percent')::int from user_events
         where user_id = '{}' and type = 'storage.warning' order by seq",
        person.id
    );
    desk.sql(&sql).await.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn r_u7_administrators_are_warned_once_per_crossing() {
    let desk = desk().await;
    let member = desk.stack.person_in(&desk.person).await;
    let admin = desk
        .stack
        .person_as(&desk.person, domain::company::CompanyRole::Admin)
        .await;
    let mut socket = Socket::connect(&desk.stack, &admin).await;
    for _ in 0..3 {
        desk.reserve(10).await;
    }
    assert_eq!(warned(&desk, &admin).await, [0; 0]);
    let fourth = desk.reserve(10).await;
    let told = socket.event(warning).await;
    assert_eq!(told["data"]["percent"], 80);
    assert_eq!(told["data"]["reserved_bytes"], 40 * GB);
    assert_eq!(told["data"]["available_bytes"], 10 * GB);
    assert_eq!(told["seq"], 1);
    let fifth = desk.reserve(8).await;
    assert_eq!(socket.event(warning).await["data"]["percent"], 95);
    for id in [&fifth, &fourth] {
        let path = format!("/v1/uploads/{id}");
        assert_eq!(desk.person.delete(&path).await.status, 204);
    }
    desk.reserve(9).await;
    assert_eq!(warned(&desk, &admin).await, [80, 95]);
    desk.reserve(9).await;
    assert_eq!(socket.event(warning).await["data"]["percent"], 95);
    for told in [&admin, &desk.person] {
        assert_eq!(warned(&desk, told).await, [80, 95, 95]);
    }
    assert_eq!(warned(&desk, &member).await, [0; 0]);
}

#[tokio::test]
async fn r_u7_what_is_purged_makes_room_for_another_warning() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a", bytes(100, 1)).await;
    let id = file["id"].as_str().expect("an id");
    // As if it were large.
    desk.sql(&format!(
        "with f as (update files set size = {size} where id = '{id}' returning blob_id, company_id),
              b as (update blobs set size = {size} from f where blobs.id = f.blob_id)
         update companies c set storage_used = {size} from f where c.id = f.company_id",
        size = 5 * GB,
    ))
    .await;
    for _ in 0..4 {
        desk.reserve(9).await;
    }
    assert_eq!(warned(&desk, &desk.person).await, [80]);
    let gone = desk.person.delete(&format!("/v1/files/{id}")).await;
    assert_eq!(gone.status, 204);
    desk.sql(&format!(
        "update files set deleted_at = deleted_at - interval '31 days' where id = '{id}'"
    ))
    .await;
    desk.reap("hour").await;
    assert_eq!(desk.storage().await, (0, 36 * GB));
    desk.reserve(8).await;
    assert_eq!(warned(&desk, &desk.person).await, [80, 80]);
}

#[tokio::test]
async fn r_u7_everyone_sees_the_sums_and_administrators_by_whom() {
    let desk = desk().await;
    let member = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &member, "full").await;
    let other = room(&desk.person, "다른 방").await;
    drop(upload(&desk.person, &desk.room, "a", bytes(100, 1)).await);
    drop(upload(&member, &desk.room, "b", bytes(300, 2)).await);
    // Stored once, shown where it is.
    drop(upload(&desk.person, &other, "c", bytes(300, 2)).await);
    let seen = member.get("/v1/company/storage").await.ok();
    assert_eq!(seen["used_bytes"], 400);
    assert_eq!(seen["available_bytes"], 50 * GB - 400);
    assert_eq!((seen.get("by_person"), seen.get("by_room")), (None, None));
    let seen = desk.person.get("/v1/company/storage").await.ok();
    let people = &seen["by_person"];
    assert_eq!(people[0]["user_id"], json!(desk.person.id));
    assert_eq!(
        (&people[0]["bytes"], &people[0]["files"]),
        (&json!(400), &json!(2))
    );
    assert_eq!(
        (&people[1]["bytes"], &people[1]["full_name"]),
        (&json!(300), &json!("이준호"))
    );
    let rooms = &seen["by_room"];
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["bytes"]),
        (&json!("자료실"), &json!(400))
    );
    assert_eq!(
        (&rooms[1]["room_id"], &rooms[1]["files"]),
        (&json!(other), &json!(1))
    );
}

#[tokio::test]
async fn r_u7_figures_that_drifted_are_put_right_and_told() {
    // A stack of its own: elsewhere another run may be the one that finds it.
    let desk = alone().await;
    drop(upload(&desk.person, &desk.room, "a", bytes(100, 1)).await);
    desk.reserve(1).await;
    desk.sql(&format!(
        "update companies set storage_used = 7, storage_reserved = 9 where id = '{}'",
        desk.person.company
    ))
    .await;
    assert_eq!(desk.storage().await, (7, 9));
    let report = desk.reap("day").await;
    assert!(
        report["done"]["storage_repaired"].as_u64() >= Some(1),
        "{report}"
    );
    assert_eq!(desk.storage().await, (100, GB));
}
