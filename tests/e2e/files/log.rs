//! R-R3 for files: a list of a room's or a thread's files, and its messages, and the events after them are the next.

use serde_json::{Value, json};
use support::RoomLog;
use support::sender::room;

use super::{Shelf, plain, put};

impl Shelf {
    /// Its room as a client loads it, with messages, files, and the files of these threads.
    async fn load(&self, threads: &[Value]) -> RoomLog {
        let at = |rest: &str| format!("/v1/chatrooms/{}{rest}", self.room);
        let items = async |path: String| {
            let page = self.owner.get(&path).await.ok();
            page["items"].as_array().expect("items").clone()
        };
        let view = self.owner.get(&at("")).await.ok();
        let files = items(format!("/v1/files?room_id={}", self.room)).await;
        let messages = items(at("/messages")).await;
        let mut log = RoomLog::load(&view, &[], &messages).with_files(&files);
        for thread in threads {
            let id = thread.as_str().expect("an id");
            let inside = items(format!("/v1/files?thread_id={id}")).await;
            log = log.with_thread(thread, &inside);
        }
        log
    }

    /// Applies what the room's log says since.
    async fn catch_up(&self, log: &mut RoomLog) {
        let path = format!("/v1/chatrooms/{}/events?after={}", self.room, log.seq);
        let page = self.owner.get(&path).await.ok();
        for event in page["events"].as_array().expect("events") {
            log.take(event);
        }
    }

    async fn done(&self, method: http::Method, path: &str) {
        let call = self.owner.call(method, path);
        let answer = call.await;
        assert!(answer.status.is_success(), "{answer:#?}");
    }

    async fn describe(&self, file: &str, change: Value) {
        let path = format!("/v1/files/{file}");
        drop(self.owner.patch(&path, change).await.ok());
    }
}

/// The files of a room as they last.
fn files(log: &RoomLog) -> Vec<Value> {
    log.files.values().map(plain).collect()
}

#[tokio::test]
async fn r_r3_a_list_of_files_and_its_events_are_the_next_list() {
    let shelf = Shelf::with("처음.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let borrowed = put(&shelf.owner, &other, "빌린 것.pdf", 30, 2).await;
    let mut log = shelf.load(&[]).await;
    let second = put(&shelf.owner, &shelf.room, "둘째.pdf", 20, 3).await;
    let third = put(&shelf.owner, &shelf.room, "셋째.pdf", 20, 4).await;
    let at = |file: &str, rest: &str| format!("/v1/files/{file}{rest}");
    let change = json!({"name": "바뀐 이름.pdf", "metadata": {"a": [1, {"b": null}]}, "description": "설명"});
    shelf.describe(&shelf.file, change).await;
    for file in [&second, &third] {
        shelf.done(http::Method::DELETE, &at(file, "")).await;
    }
    shelf
        .done(http::Method::POST, &at(&second, "/restore"))
        .await;
    let place = format!("/rooms/{}", shelf.room);
    shelf.done(http::Method::PUT, &at(&borrowed, &place)).await;
    shelf
        .describe(&borrowed, json!({"description": "geliehen"}))
        .await;
    shelf.done(http::Method::PUT, &shelf.path("/pin")).await;

    shelf.catch_up(&mut log).await;
    let fresh = shelf.load(&[]).await;
    assert_eq!(files(&log).len(), 3);
    assert_eq!(files(&log), files(&fresh));
}

#[tokio::test]
async fn r_r3_the_files_of_threads_and_messages_follow_the_events() {
    let shelf = Shelf::with("처음.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let borrowed = put(&shelf.owner, &other, "빌린 것.pdf", 30, 2).await;
    let (thread, made_from) = shelf.thread(&shelf.room, "회의").await;
    let (second, _) = shelf.thread(&shelf.room, "둘째").await;
    let into = |file: &str, thread: &str| format!("/v1/files/{file}/threads/{thread}");
    shelf
        .done(http::Method::PUT, &into(&borrowed, &thread))
        .await;
    let say = async |files: &[&str]| {
        let attached: Vec<_> = files.iter().map(|file| json!({"file_id": file})).collect();
        let path = format!("/v1/chatrooms/{}/messages", shelf.room);
        let body = json!({"content": "첨부", "attachments": attached});
        drop(shelf.owner.post(&path, body).await.ok());
    };
    say(&[&borrowed, &made_from]).await;
    // What is deleted now is in no list, and comes back by its event alone.
    let deleted = format!("/v1/files/{}", shelf.file);
    shelf
        .done(http::Method::PUT, &into(&shelf.file, &second))
        .await;
    say(&[&shelf.file]).await;
    shelf.done(http::Method::DELETE, &deleted).await;
    let threads = [json!(thread), json!(second)];
    let mut log = shelf.load(&threads).await;

    shelf
        .done(http::Method::PUT, &into(&made_from, &second))
        .await;
    shelf
        .done(http::Method::DELETE, &into(&made_from, &thread))
        .await;
    let place = format!("/v1/files/{borrowed}/rooms/{}", shelf.room);
    shelf.done(http::Method::DELETE, &place).await;
    shelf
        .done(http::Method::POST, &format!("{deleted}/restore"))
        .await;
    shelf
        .describe(&shelf.file, json!({"name": "새 이름.pdf"}))
        .await;
    shelf
        .done(http::Method::DELETE, &format!("/v1/files/{made_from}"))
        .await;
    let (third, _) = shelf.thread(&shelf.room, "셋째").await;

    shelf.catch_up(&mut log).await;
    let fresh = shelf
        .load(&[threads.to_vec(), vec![json!(third)]].concat())
        .await;
    assert_eq!(log.threads, fresh.threads);
    assert_eq!(log.messages, fresh.messages);
    assert_eq!(files(&log), files(&fresh));
}
