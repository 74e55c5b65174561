//! R-U9: what follows a file comes with it, or neither does.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::sender::{Sender, bytes, start};
use support::{Answer, Socket};

use super::{Desk, desk};

impl Desk {
    async fn begin_then(&self, name: &str, then: Value) -> Answer {
        let mut body = start(&self.room, name, 5, "sha256");
        body["then"] = then;
        self.person.post("/v1/uploads", body).await
    }

    /// Begins a small file with what is to follow, and sends its bytes.
    async fn sent_then(&self, name: &str, seed: u64, then: Value) -> Sender {
        let begun = self.begin_then(name, then).await.ok();
        let sender = Sender::resume(&begun["upload"], bytes(5, seed));
        sender.send_all(&self.person).await;
        sender
    }

    /// The room's log behind `after`, without what is found out about the files later.
    pub(super) async fn log(&self, after: u64) -> Vec<Value> {
        let path = format!("/v1/chatrooms/{}/events?after={after}", self.room);
        let log = self.person.get(&path).await.ok();
        let mut events = log["events"].as_array().cloned().expect("a list");
        events.retain(|event| event["type"] != "file.preview");
        events
    }

    pub(super) async fn settings(&self, settings: Value) {
        let path = format!("/v1/chatrooms/{}", self.room);
        let body = json!({ "settings": settings });
        drop(self.person.patch(&path, body).await.ok());
    }

    pub(super) async fn last_seq(&self) -> u64 {
        let path = format!("/v1/chatrooms/{}", self.room);
        let room = self.person.get(&path).await.ok();
        room["last_seq"].as_u64().expect("a number")
    }
}

/// The types of events.
pub(super) fn kinds(log: &[Value]) -> Vec<&str> {
    log.iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect()
}

#[tokio::test]
async fn r_u9_a_message_with_the_file_follows_in_the_same_moment() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let then = json!({"message": {"text": "회의 녹화입니다."}});
    let sender = desk.sent_then("녹화.mp4", 1, then.clone()).await;
    assert_eq!(sender.see(&desk.person).await["then"], then);
    let before = desk.last_seq().await;
    let file = sender.complete(&desk.person).await.ok();
    let log = desk.log(before).await;
    assert_eq!(kinds(&log), ["file.created", "message.created"]);
    assert_eq!(
        (&log[0]["seq"], &log[1]["seq"]),
        (&json!(before + 1), &json!(before + 2))
    );
    let message = &log[1]["data"];
    assert_eq!(message["content"], "회의 녹화입니다.");
    assert_eq!(message["author"], json!(desk.person.id));
    let attached = &message["attachments"];
    assert_eq!(attached[0]["file_id"], file["id"]);
    assert_eq!(attached[0]["state"], "available");
    let path = format!("/v1/messages/{}", message["id"].as_str().expect("an id"));
    assert_eq!(desk.person.get(&path).await.ok(), *message);
    let pushed = socket.event(|event| event["type"] == "message.created");
    assert_eq!(pushed.await["data"], *message);
    // Completing again makes no second one.
    drop(sender.complete(&desk.person).await.ok());
    assert_eq!(desk.log(before).await, log);
}

#[tokio::test]
async fn r_u9_a_thread_follows_with_a_title_of_its_own_or_the_files() {
    let desk = desk().await;
    let then = json!({"thread": {"title": "분기 보고", "description": "초안", "type": "question"}});
    let sender = desk.sent_then("a.pdf", 1, then.clone()).await;
    let before = desk.last_seq().await;
    let file = sender.complete(&desk.person).await.ok();
    let log = desk.log(before).await;
    assert_eq!(kinds(&log), ["file.created", "thread.created"]);
    let thread = &log[1]["data"];
    assert_eq!(
        (&thread["title"], &thread["type"], &thread["status"]),
        (&json!("분기 보고"), &json!("question"), &json!("active"))
    );
    assert_eq!(thread["file_id"], file["id"]);
    assert_eq!(thread["seq"], json!(before + 2));
    let taken = desk.begin_then("b.pdf", then).await;
    assert_eq!(taken.refusal(), (409, "name_taken"));
    let sender = desk.sent_then("b.pdf", 2, json!({"thread": {}})).await;
    let before = desk.last_seq().await;
    drop(sender.complete(&desk.person).await.ok());
    let thread = desk.log(before).await[1]["data"].clone();
    assert_eq!(thread["title"], "b.pdf");
    assert_eq!(thread["type"], "file_sharing");
}

#[tokio::test]
async fn r_u9_a_title_that_was_taken_meanwhile_is_numbered() {
    let desk = desk().await;
    let then = json!({"thread": {"title": "주간 회의"}});
    let mut senders = Vec::new();
    for seed in 1..=3 {
        senders.push(desk.sent_then("a.pdf", seed, then.clone()).await);
    }
    let before = desk.last_seq().await;
    let done = join_all(senders.iter().map(|sender| sender.complete(&desk.person))).await;
    assert!(done.iter().all(|answer| answer.status == 200), "{done:#?}");
    let log = desk.log(before).await;
    let mut titles: Vec<&str> = log
        .iter()
        .filter_map(|event| event["data"]["title"].as_str())
        .collect();
    titles.sort_unstable();
    assert_eq!(titles, ["주간 회의", "주간 회의 (2)", "주간 회의 (3)"]);
    for made in log.chunks(2) {
        assert_eq!(kinds(made), ["file.created", "thread.created"]);
        let seq = |event: &Value| event["seq"].as_u64().expect("a number");
        assert_eq!(seq(&made[1]), seq(&made[0]) + 1, "nothing comes in between");
    }
}

#[tokio::test]
async fn r_c6_a_room_that_makes_threads_makes_one_unless_told_not_to() {
    let desk = desk().await;
    desk.settings(json!({"auto_thread": true})).await;
    for (seed, then, expected) in [
        (1, Value::Null, vec!["file.created", "thread.created"]),
        (2, json!("nothing"), vec!["file.created"]),
        (
            3,
            json!({"message": {"text": "x"}}),
            vec!["file.created", "message.created"],
        ),
    ] {
        let sender = desk.sent_then("a.pdf", seed, then).await;
        let before = desk.last_seq().await;
        drop(sender.complete(&desk.person).await.ok());
        assert_eq!(kinds(&desk.log(before).await), expected);
    }
    desk.settings(json!({"threads": false})).await;
    let refused = desk.begin_then("b.pdf", json!({"thread": {}})).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let sender = desk.sent_then("c.pdf", 4, Value::Null).await;
    let before = desk.last_seq().await;
    drop(sender.complete(&desk.person).await.ok());
    assert_eq!(kinds(&desk.log(before).await), ["file.created"]);
}

#[tokio::test]
async fn r_u9_file_and_follow_up_appear_together_or_not_at_all() {
    let desk = desk().await;
    let then = json!({"message": {"text": "x"}});
    let sender = desk.sent_then("a.pdf", 1, then).await;
    let path = format!("/v1/chatrooms/{}/archive", desk.room);
    drop(desk.person.post(&path, json!({})).await.ok());
    let before = desk.last_seq().await;
    let late = sender.complete(&desk.person).await;
    assert_eq!(late.refusal(), (409, "room_archived"));
    assert_eq!(desk.last_seq().await, before);
    let wrong = desk.begin_then("a.pdf", json!({"message": {"text": " "}}));
    let fields = [("then.message.text".to_owned(), "blank".to_owned())];
    assert_eq!(wrong.await.fields(), fields);
}
