//! R-U6: content that one can read already becomes a file without being sent; a checksum alone opens nothing.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::Person;
use support::sender::{Sender, bytes, room, start, upload};

use super::{MIB, desk, fetch};

/// A begin that tells the checksums of all parts.
fn whole(room: &str, name: &str, sender: &Sender) -> Value {
    let mut body = start(room, name, sender.content.len() as u64, "sha256");
    let sums = (1..=sender.part_count).map(|number| sender.checksum(number));
    body["part_checksums"] = json!(sums.collect::<Vec<_>>());
    body
}

#[tokio::test]
async fn r_u6_content_that_i_can_read_is_a_file_at_once() {
    let desk = desk().await;
    let content = bytes(17 * MIB, 5);
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", content.clone()).await;
    sender.send_all(&desk.person).await;
    let first = sender.complete(&desk.person).await.ok();
    let other = room(&desk.person, "다른 방").await;
    let mut body = whole(&other, "b.bin", &sender);
    body["then"] = json!({"message": {"text": "같은 파일"}});
    let adopted = desk.person.post("/v1/uploads", body).await;
    assert_eq!(adopted.status, 201);
    let adopted = adopted.ok();
    assert_eq!(adopted["deduplicated"], true);
    assert_eq!(adopted.get("upload"), None);
    let file = &adopted["file"];
    assert_ne!(file["id"], first["id"]);
    assert_eq!(
        (&file["name"], &file["room_id"]),
        (&json!("b.bin"), &json!(other))
    );
    assert_eq!(desk.storage().await, (content.len() as u64, 0));
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    assert_eq!(
        fetch(&desk.person.get(&path).await.ok()["url"]).await,
        content
    );
    let log = desk
        .person
        .get(&format!("/v1/chatrooms/{other}/events?after=1"))
        .await
        .ok();
    assert_eq!(log["events"][0]["type"], "file.created");
    assert_eq!(log["events"][0]["data"], *file);
    assert_eq!(log["events"][1]["type"], "message.created");
    let path = format!("/v1/uploads/{}", file["upload_id"].as_str().expect("an id"));
    assert_eq!(desk.person.get(&path).await.ok()["state"], "completed");
    let steps = desk.audited().await;
    assert_eq!(
        steps
            .iter()
            .filter(|step| *step == "upload.adopted")
            .count(),
        1
    );
}

#[tokio::test]
async fn r_u6_a_checksum_opens_nothing_that_one_cannot_read() {
    let desk = desk().await;
    let content = bytes(17 * MIB, 6);
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", content.clone()).await;
    sender.send_all(&desk.person).await;
    drop(sender.complete(&desk.person).await.ok());
    let colleague = desk.stack.person_in(&desk.person).await;
    let foreigner = Person::register(&desk.stack).await;
    for stranger in [&colleague, &foreigner] {
        let own = room(stranger, "내 방").await;
        let begun = stranger.post("/v1/uploads", whole(&own, "b.bin", &sender));
        let begun = begun.await.ok();
        assert_eq!(begun["deduplicated"], false);
        assert_eq!(begun["parts"].as_array().map(Vec::len), Some(2));
        // Only who has the bytes gets the file; it is stored once in a company all the same.
        let theirs = Sender::resume(&begun["upload"], content.clone());
        let early = theirs.complete(stranger).await;
        assert_eq!(early.refusal(), (409, "upload_incomplete"));
        theirs.send_all(stranger).await;
        assert_eq!(theirs.complete(stranger).await.ok()["size"], content.len());
    }
    assert_eq!(desk.storage().await, (content.len() as u64, 0));
}

#[tokio::test]
async fn r_u6_not_all_checksums_or_none_say_nothing() {
    let desk = desk().await;
    let content = bytes(17 * MIB, 7);
    drop(upload(&desk.person, &desk.room, "a.bin", content.clone()).await);
    let sender = Sender::begin(&desk.person, &desk.room, "b.bin", content).await;
    let mut body = whole(&desk.room, "c.bin", &sender);
    body["part_checksums"] = json!([sender.checksum(1)]);
    let begun = desk.person.post("/v1/uploads", body).await.ok();
    assert_eq!(begun["deduplicated"], false);
}

#[tokio::test]
async fn r_u6_the_same_content_fifty_times_at_once_is_stored_once() {
    let desk = desk().await;
    let content = bytes(1_000, 8);
    let people: Vec<Person> = join_all((0..3).map(|_| desk.stack.person_in(&desk.person))).await;
    for person in &people {
        support::sender::let_in(&desk.person, &desk.room, person, "full").await;
    }
    let send = async |person: &Person, count: usize| {
        for n in 0..count {
            let name = format!("{n}.bin");
            let sender = Sender::begin(person, &desk.room, &name, content.clone()).await;
            sender.send_all(person).await;
            drop(sender.complete(person).await.ok());
        }
    };
    let lanes = people.iter().flat_map(|person| [person; 5]);
    join_all(lanes.map(|person| send(person, 3))).await;
    drop(upload(&desk.person, &desk.room, "last.bin", content.clone()).await);
    let company = desk.person.company;
    let blobs =
        format!("select refs, orphaned_at is null from blobs where company_id = '{company}'");
    let blobs = desk.sql(&blobs).await;
    assert_eq!(blobs.len(), 1);
    assert_eq!(
        (blobs[0].get::<_, i32>(0), blobs[0].get::<_, bool>(1)),
        (46, true)
    );
    assert_eq!(desk.storage().await, (1_000, 0));
}

#[tokio::test]
async fn r_u6_ten_thousand_checksums_fit_into_one_call() {
    let desk = desk().await;
    desk.sql(&format!(
        "update companies set plan = 'enterprise' where id = '{}'",
        desk.person.company
    ))
    .await;
    let size = 10_000_u64 * 16 * MIB as u64;
    let mut body = start(&desk.room, "huge.bin", size, "sha256");
    let sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    body["part_checksums"] = json!(vec![sum; 10_000]);
    let begun = desk
        .person
        .post("/v1/uploads", body.clone())
        .header("idempotency-key", "ten-thousand")
        .await
        .ok();
    assert_eq!(begun["upload"]["part_count"], 10_000);
    assert_eq!(begun["parts"].as_array().map(Vec::len), Some(100));
    // Nowhere else: any other body ends at 256 KiB.
    let path = format!("/v1/chatrooms/{}/messages", desk.room);
    let long = json!({"content": "x".repeat(300 * 1024)});
    let refused = desk.person.post(&path, long).await;
    assert_eq!(refused.refusal(), (413, "body_too_large"));
}
