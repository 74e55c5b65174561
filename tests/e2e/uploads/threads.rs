//! R-F1, R-U9: uploads whose files go into a thread.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::sender::{Sender, bytes, room, start, upload};
use support::{Answer, Person};

use super::follow_up::kinds;
use super::{Desk, desk};

impl Desk {
    /// A thread of the desk's room, made from a file.
    async fn thread(&self) -> String {
        let mut body = start(&self.room, "seed", 5, "sha256");
        body["then"] = json!({"thread": {"title": "회의 자료"}});
        let sender = self.begin(body, 90).await;
        let file = sender.complete(&self.person).await.ok();
        let seen = self.file(&file).await;
        let thread = seen["in_threads"][0].as_str().expect("a thread");
        thread.to_owned()
    }

    /// Begins an upload of five bytes and sends them.
    async fn begin(&self, body: Value, seed: u64) -> Sender {
        let begun = self.person.post("/v1/uploads", body).await.ok();
        let sender = Sender::resume(&begun["upload"], bytes(5, seed));
        sender.send_all(&self.person).await;
        sender
    }

    /// Begins one into a thread of its room.
    async fn begin_into(&self, thread: &str, name: &str, seed: u64) -> Sender {
        let mut body = start(&self.room, name, 5, "sha256");
        body["thread_id"] = json!(thread);
        self.begin(body, seed).await
    }

    async fn file(&self, file: &Value) -> Value {
        let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
        self.person.get(&path).await.ok()
    }

    async fn set_thread(&self, thread: &str, status: &str) {
        let sql = format!("update threads set status = '{status}' where id = '{thread}'");
        drop(self.stack.query(&sql).await);
    }
}

#[tokio::test]
async fn r_f1_an_upload_goes_into_a_thread() {
    let desk = desk().await;
    let thread = desk.thread().await;
    desk.settings(json!({"auto_thread": true})).await;
    let sender = desk.begin_into(&thread, "a.pdf", 1).await;
    assert_eq!(sender.see(&desk.person).await["thread_id"], json!(thread));
    let before = desk.last_seq().await;
    let done = join_all((0..3).map(|_| sender.complete(&desk.person))).await;
    let file = done[0].clone().ok();
    let log = desk.log(before).await;
    assert_eq!(
        kinds(&log),
        ["file.created", "thread.file_added"],
        "the room makes none for it, and it is put in once"
    );
    assert_eq!(log[1]["data"]["thread_id"], json!(thread));
    assert_eq!(log[1]["data"]["file"], log[0]["data"]);
    assert_eq!(desk.file(&file).await["in_threads"], json!([thread]));
    let audited = desk.stack.audit_actions(desk.person.company).await;
    let lines = audited.iter().filter(|line| *line == "thread.file_added");
    assert_eq!(lines.count(), 1);
}

#[tokio::test]
async fn r_f1_known_content_is_in_the_thread_at_once() {
    let desk = desk().await;
    let thread = desk.thread().await;
    let known = upload(&desk.person, &desk.room, "known", bytes(5, 3)).await;
    let sender = Sender::begin(&desk.person, &desk.room, "sums", bytes(5, 3)).await;
    let mut body = start(&desk.room, "again", 5, "sha256");
    body["part_checksums"] = json!([sender.checksum(1)]);
    body["thread_id"] = json!(thread);
    let mut plain = body.clone();
    plain.as_object_mut().expect("a body").remove("thread_id");
    let batch = json!({"uploads": [body, plain]});
    let before = desk.last_seq().await;
    let begun = desk.person.post("/v1/uploads/batch", batch).await.ok();
    let file = |at: usize| begun["results"][at]["started"]["file"].clone();
    assert_ne!(file(0)["id"], known["id"]);
    assert_eq!(desk.file(&file(0)).await["in_threads"], json!([thread]));
    assert_eq!(desk.file(&file(1)).await["in_threads"], json!([]));
    let log = desk.log(before).await;
    assert_eq!(
        kinds(&log),
        ["file.created", "thread.file_added", "file.created"]
    );
    assert_eq!(log[1]["data"]["file"], log[0]["data"]);
}

#[tokio::test]
async fn r_f1_a_thread_that_is_gone_meanwhile_does_not_stop_a_file() {
    let desk = desk().await;
    let thread = desk.thread().await;
    for (seed, status) in [(1, "archived"), (2, "deleted")] {
        desk.set_thread(&thread, "active").await;
        let sender = desk.begin_into(&thread, status, seed).await;
        desk.set_thread(&thread, status).await;
        let before = desk.last_seq().await;
        let file = sender.complete(&desk.person).await.ok();
        assert_eq!(kinds(&desk.log(before).await), ["file.created"]);
        assert_eq!(desk.file(&file).await["in_threads"], json!([]));
    }
}

#[tokio::test]
async fn r_f1_only_a_thread_of_the_room_that_goes_on_is_taken() {
    let desk = desk().await;
    let thread = desk.thread().await;
    let elsewhere = room(&desk.person, "다른 방").await;
    let stranger = Person::register(&desk.stack).await;
    let theirs = room(&stranger, "남의 방").await;
    let begin = async |who: &Person, room: &str, thread: &str| -> Answer {
        let mut body = start(room, "a", 5, "none");
        body["thread_id"] = json!(thread);
        who.post("/v1/uploads", body).await
    };
    let fields = [("thread_id".to_owned(), "not_found".to_owned())];
    let unknown = uuid::Uuid::nil().to_string();
    for (who, room, thread) in [
        (&desk.person, &elsewhere, &thread),
        (&desk.person, &desk.room, &unknown),
        (&stranger, &theirs, &thread),
    ] {
        assert_eq!(begin(who, room, thread).await.fields(), fields);
    }
    assert_eq!(begin(&stranger, &desk.room, &thread).await.status, 404);
    assert_eq!(begin(&stranger, &desk.room, &unknown).await.status, 404);
    for status in ["archived", "deleted"] {
        desk.set_thread(&thread, status).await;
        let refused = begin(&desk.person, &desk.room, &thread).await;
        assert_eq!(refused.fields(), fields, "{status}");
    }
    desk.set_thread(&thread, "resolved").await;
    drop(begin(&desk.person, &desk.room, &thread).await.ok());
    // In a batch the others are not kept back, and each answer is in its place.
    let item = |thread: &str| {
        let mut body = start(&desk.room, "b", 5, "none");
        body["thread_id"] = json!(thread);
        body
    };
    let batch =
        json!({"uploads": [item(&unknown), item(&thread), start(&desk.room, "c", 5, "none")]});
    let begun = desk.person.post("/v1/uploads/batch", batch).await.ok();
    let results = begun["results"].as_array().expect("results");
    assert_eq!(results[0]["problem"]["errors"][0]["field"], "thread_id");
    let upload = |at: usize| &results[at]["started"]["upload"];
    assert_eq!(upload(1)["thread_id"], json!(thread));
    assert_eq!(upload(2)["thread_id"], Value::Null);
    assert_eq!(desk.storage().await.1, 15);
}
