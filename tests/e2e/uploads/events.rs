//! R-U4: what the room sees of an upload.

use serde_json::{Value, json};
use support::Socket;
use support::sender::{Sender, bytes, let_in, start};

use super::{MIB, desk, lasting};

fn of(kind: &'static str, upload: &str) -> impl Fn(&Value) -> bool {
    let upload = upload.to_owned();
    move |event| event["type"] == kind && event["data"]["upload_id"] == upload.as_str()
}

#[tokio::test]
async fn r_u4_the_room_sees_an_upload_from_its_begin_to_its_file() {
    let desk = desk().await;
    let watcher = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &watcher, "full").await;
    let mut socket = Socket::connect(&desk.stack, &watcher).await;
    let content = bytes(40 * MIB, 1);
    let sender = Sender::begin(&desk.person, &desk.room, "영상.mp4", content.clone()).await;
    let begun = socket.event(of("upload.progress", &sender.id)).await;
    assert_eq!(
        (&begun["data"]["bytes"], &begun["data"]["name"]),
        (&json!(0), &json!("영상.mp4"))
    );
    assert_eq!(begun.get("seq"), None);

    sender.send(&desk.person, &[1, 3]).await;
    let path = format!("/v1/uploads/{}/parts/1/done", sender.id);
    assert_eq!(
        desk.person.post(&path, json!({"parts": [3]})).await.status,
        204
    );
    let half = socket.event(of("upload.progress", &sender.id)).await;
    assert_eq!(half["data"]["bytes"], 24 * MIB);
    assert_eq!(half["data"]["percent"], 60.0);
    assert!(half["data"]["bytes_per_s"].as_u64() > Some(0));
    assert!(half["data"]["eta_s"].is_u64());

    sender.send(&desk.person, &[2]).await;
    let file = sender.complete(&desk.person).await.ok();
    let (mut last, mut created) = (Value::Null, Value::Null);
    while last.is_null() || created.is_null() {
        let event = socket.event(|event| event["data"]["upload_id"] == sender.id.as_str());
        match event.await {
            event if event["type"] == "file.created" => created = event,
            event => last = event,
        }
    }
    assert_eq!(
        (&last["data"]["percent"], &last["data"]["bytes"]),
        (&json!(100.0), &json!(content.len()))
    );
    assert_eq!(last["data"]["state"], "completed");
    assert_eq!(lasting(&created["data"]), lasting(&file));
    assert!(created["seq"].is_u64());
    assert_eq!(created["actor"], json!(desk.person.id));
}

#[tokio::test]
async fn r_u4_many_hints_are_one_event_a_second() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let body = start(&desk.room, "a.bin", 100 * 16 * MIB as u64, "none");
    let started = desk.person.post("/v1/uploads", body).await.ok();
    let id = started["upload"]["id"].as_str().expect("an id").to_owned();
    socket.event(of("upload.progress", &id)).await;
    let begun = std::time::Instant::now();
    for part in 1..=60 {
        let path = format!("/v1/uploads/{id}/parts/{part}/done");
        assert_eq!(desk.person.post(&path, json!({})).await.status, 204);
    }
    let took = begun.elapsed().as_secs();
    assert_eq!(
        desk.person
            .delete(&format!("/v1/uploads/{id}"))
            .await
            .status,
        204
    );
    let mut seen = 0;
    loop {
        let event = socket.event(of("upload.progress", &id)).await;
        if event["data"]["state"] == "cancelled" {
            break;
        }
        seen += 1;
    }
    assert!(seen >= 1 && seen <= took + 1, "{seen} events in {took} s");
}

#[tokio::test]
async fn r_u4_hints_are_checked_and_never_make_a_file() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(33 * MIB, 1)).await;
    for path in ["0", "4", "10001"] {
        let path = format!("/v1/uploads/{}/parts/{path}/done", sender.id);
        assert_eq!(
            desk.person.post(&path, json!({})).await.refusal(),
            (422, "invalid")
        );
    }
    let path = format!("/v1/uploads/{}/parts/1/done", sender.id);
    assert_eq!(
        desk.person
            .post(&path, json!({"parts": [2, 3]}))
            .await
            .status,
        204
    );
    let found = sender.see(&desk.person).await;
    assert_eq!(found["progress"]["bytes"], 0);
    assert_eq!(
        sender.complete(&desk.person).await.refusal(),
        (409, "upload_incomplete")
    );
}
