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

#[tokio::test]
async fn r_u4_what_is_shown_is_within_five_per_cent_of_the_truth_and_exact_at_the_end() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let content = bytes(5 * 16 * MIB + 7, 1);
    let total = content.len() as u64;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", content).await;
    socket.event(of("upload.progress", &sender.id)).await;
    for part in 1..=sender.part_count {
        sender.send(&desk.person, &[part]).await;
        let path = format!("/v1/uploads/{}/parts/{part}/done", sender.id);
        assert_eq!(desk.person.post(&path, json!({})).await.status, 204);
        // Not each hint is shown: once a second one is.
        if part % 3 != 0 {
            continue;
        }
        let truth = sender.see(&desk.person).await["progress"]["bytes"].clone();
        let hinting = async {
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(100));
            loop {
                pace.tick().await;
                assert_eq!(desk.person.post(&path, json!({})).await.status, 204);
            }
        };
        let right = |event: &Value| {
            of("upload.progress", &sender.id)(event) && event["data"]["bytes"] == truth
        };
        let shown = tokio::select! {
            event = socket.event(right) => event,
            () = hinting => unreachable!("it hints for ever"),
        };
        let (bytes, truth) = (shown["data"]["bytes"].as_f64(), truth.as_f64());
        let off = (bytes.expect("bytes") - truth.expect("bytes")).abs();
        assert!(off <= 0.05 * truth.expect("bytes"), "{shown}");
    }
    drop(sender.complete(&desk.person).await.ok());
    let done = |event: &Value| event["data"]["state"] == "completed";
    let last = socket.event(done).await;
    assert_eq!(last["data"]["bytes"], total);
    assert_eq!(
        (&last["data"]["percent"], &last["data"]["eta_s"]),
        (&json!(100.0), &json!(0))
    );
}

#[tokio::test]
async fn r_u4_each_device_of_the_uploader_hears_it_once() {
    let desk = desk().await;
    let mut devices = Vec::new();
    for _ in 0..2 {
        devices.push(Socket::connect(&desk.stack, &desk.person).await);
    }
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(5, 1)).await;
    let path = format!("/v1/uploads/{}", sender.id);
    assert_eq!(desk.person.delete(&path).await.status, 204);
    for device in &mut devices {
        let first = device.event(of("upload.progress", &sender.id)).await;
        let second = device.event(of("upload.progress", &sender.id)).await;
        assert_eq!(first["data"]["state"], "in_progress");
        assert_eq!(second["data"]["state"], "cancelled");
    }
}
