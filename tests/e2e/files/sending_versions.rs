//! R-F1: new versions on their way: in batches, with known content, attached, blocked.

use serde_json::{Value, json};
use support::sender::{Sender, bytes, start};

use super::Shelf;

#[tokio::test]
async fn r_f1_a_batch_carries_versions_and_refuses_each_for_itself() {
    let shelf = Shelf::with("a.pdf").await;
    let mut items: Vec<Value> = (0..8)
        .map(|n| start(&shelf.room, &format!("{n}.pdf"), 500, "none"))
        .collect();
    items[0]["file_id"] = json!(uuid::Uuid::nil());
    items[7]["file_id"] = json!(shelf.file);
    let begun = shelf
        .owner
        .post("/v1/uploads/batch", json!({ "uploads": items }))
        .await
        .ok();
    let result = |n: usize| &begun["results"][n];
    assert_eq!(result(0)["problem"]["errors"][0]["field"], "file_id");
    for (n, item) in items.iter().enumerate().skip(1) {
        let upload = &result(n)["started"]["upload"];
        assert_eq!(upload["name"], item["name"], "each in its place");
    }
    let last = &result(7)["started"]["upload"];
    assert_eq!(last["state"], "pending", "it waits for a place");
    for n in 1..7 {
        let upload = &result(n)["started"]["upload"];
        let path = format!("/v1/uploads/{}", upload["id"].as_str().expect("an id"));
        assert_eq!(shelf.owner.delete(&path).await.status, 204);
    }
    let sender = Sender::resume(last, bytes(500, 8));
    sender.send_all(&shelf.owner).await;
    let file = sender.complete(&shelf.owner).await.ok();
    assert_eq!(
        (&file["id"], &file["version"]),
        (&json!(shelf.file), &json!(2))
    );
}

#[tokio::test]
async fn r_f1_a_version_is_sent_even_if_its_content_is_known_and_is_stored_once() {
    let shelf = Shelf::with("a.pdf").await;
    let first = Sender::begin(&shelf.owner, &shelf.room, "b.pdf", bytes(700, 3)).await;
    first.send_all(&shelf.owner).await;
    drop(first.complete(&shelf.owner).await.ok());
    let mut body = start(&shelf.room, "b.pdf", 700, "sha256");
    body["part_checksums"] = json!([first.checksum(1)]);
    body["file_id"] = json!(shelf.file);
    let begun = shelf.owner.post("/v1/uploads", body).await.ok();
    assert_eq!(begun["deduplicated"], false);
    let sender = Sender::resume(&begun["upload"], bytes(700, 3));
    let said = shelf
        .owner
        .post(
            &format!("/v1/chatrooms/{}/messages", shelf.room),
            json!({"content": "곧", "attachments": [{"upload_id": sender.id}]}),
        )
        .await
        .ok();
    assert_eq!(said["attachments"][0]["state"], "uploading");
    sender.send_all(&shelf.owner).await;
    let file = sender.complete(&shelf.owner).await.ok();
    assert_eq!(sender.complete(&shelf.owner).await.ok(), file, "and again");
    assert_eq!((&file["version"], &file["size"]), (&json!(2), &json!(700)));
    assert_eq!(shelf.used().await, 1_700, "1,000 of the old, 700 once");
    let changed = shelf.last_event(&shelf.room).await;
    assert_eq!(changed["type"], "attachment.changed");
    let attachment = &changed["data"]["attachments"][0];
    assert_eq!(
        (&attachment["state"], &attachment["file_id"]),
        (&json!("available"), &json!(shelf.file))
    );
    assert_eq!(shelf.length(None).await, 700);
    // Gone for good, it gives back what was its alone.
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    shelf.age(31).await;
    shelf.reap("hour").await;
    assert_eq!(shelf.used().await, 700);
}

#[tokio::test]
async fn r_f1_what_becomes_of_a_version_is_told_in_every_room_that_shows_the_file() {
    let shelf = Shelf::with("a.pdf").await;
    let other = support::sender::room(&shelf.owner, "다른 방").await;
    let place = shelf.path(&format!("/rooms/{other}"));
    assert_eq!(shelf.owner.put(&place, json!({})).await.status, 204);
    let begun = shelf.begin_version(&shelf.owner, 2_000).await.ok();
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00".to_vec();
    program.resize(2_000, 7);
    let sender = Sender::resume(&begun["upload"], program.into());
    let mut socket = support::Socket::connect(shelf.stack, &shelf.owner).await;
    sender.send_all(&shelf.owner).await;
    drop(sender.complete(&shelf.owner).await.ok());
    // Held back at once, or when it was looked at: in both rooms all the same.
    let mut rooms = vec![json!(shelf.room), json!(other)];
    while !rooms.is_empty() {
        let held = |event: &Value| {
            rooms.contains(&event["room_id"])
                && (event["type"] == "file.quarantined"
                    || event["data"]["file"]["status"] == "quarantined")
        };
        let told = socket.event(held).await;
        rooms.retain(|room| *room != told["room_id"]);
    }
    assert_eq!(shelf.see(&shelf.owner).await.ok()["status"], "quarantined");
    let back = shelf.path("/versions/1/restore");
    let back = shelf.owner.post(&back, json!({})).await.ok();
    assert_eq!(
        (&back["status"], &back["version"]),
        (&json!("available"), &json!(3))
    );
}
