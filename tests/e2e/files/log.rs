//! R-R3 for files: a list of a room's files and the events after it are the next list.

use serde_json::{Value, json};
use support::RoomLog;
use support::sender::room;

use super::{Shelf, plain, put};

#[tokio::test]
async fn r_r3_a_list_of_files_and_its_events_are_the_next_list() {
    let shelf = Shelf::with("처음.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let borrowed = put(&shelf.owner, &other, "빌린 것.pdf", 30, 2).await;
    let load = async || {
        let at = |rest: &str| format!("/v1/chatrooms/{}{rest}", shelf.room);
        let view = shelf.owner.get(&at("")).await.ok();
        let files = shelf
            .owner
            .get(&format!("/v1/files?room_id={}", shelf.room))
            .await
            .ok();
        let files = files["items"].as_array().expect("items").clone();
        RoomLog::load(&view, &[], &[]).with_files(&files)
    };
    let mut log = load().await;
    let second = put(&shelf.owner, &shelf.room, "둘째.pdf", 20, 3).await;
    let third = put(&shelf.owner, &shelf.room, "셋째.pdf", 20, 4).await;
    let at = |file: &str, rest: &str| format!("/v1/files/{file}{rest}");
    let patch = json!({"name": "바뀐 이름.pdf", "metadata": {"a": [1, {"b": null}]}, "description": "설명"});
    drop(shelf.owner.patch(&shelf.path(""), patch).await.ok());
    for file in [&second, &third] {
        assert_eq!(shelf.owner.delete(&at(file, "")).await.status, 204);
    }
    drop(
        shelf
            .owner
            .post(&at(&second, "/restore"), json!({}))
            .await
            .ok(),
    );
    let place = format!("/rooms/{}", shelf.room);
    assert_eq!(
        shelf
            .owner
            .put(&at(&borrowed, &place), json!({}))
            .await
            .status,
        204
    );
    drop(
        shelf
            .owner
            .patch(&at(&borrowed, ""), json!({"description": "geliehen"}))
            .await
            .ok(),
    );
    assert_eq!(
        shelf.owner.put(&shelf.path("/pin"), json!({})).await.status,
        204
    );

    let path = format!("/v1/chatrooms/{}/events?after={}", shelf.room, log.seq);
    let page = shelf.owner.get(&path).await.ok();
    for event in page["events"].as_array().expect("events") {
        log.take(event);
    }
    let fresh = load().await;
    let files = |log: &RoomLog| log.files.values().map(plain).collect::<Vec<Value>>();
    assert_eq!(files(&log).len(), 3);
    assert_eq!(files(&log), files(&fresh));
}
