//! Messages over REST, as a client sends and reads them.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::{Answer, Person, Stack};

/// Someone in a room of their own; `path` is where its messages are.
struct Talker {
    person: Person,
    room: String,
    path: String,
}

async fn talker() -> Talker {
    let person = Person::register(Stack::get().await).await;
    let answer = person
        .post("/v1/chatrooms", json!({"name": "회의실"}))
        .await
        .ok();
    let room = answer["id"].as_str().expect("an id").to_owned();
    Talker {
        path: format!("/v1/chatrooms/{room}/messages"),
        person,
        room,
    }
}

impl Talker {
    async fn send(&self, body: Value) -> Answer {
        self.person.post(&self.path, body).await
    }

    async fn read(&self, query: &str) -> Value {
        self.person.get(&format!("{}{query}", self.path)).await.ok()
    }
}

fn fields(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.body["errors"].as_array().expect("field errors");
    errors
        .iter()
        .map(|error| {
            let text = |name| error[name].as_str().unwrap_or_default();
            (text("field"), text("code"))
        })
        .collect()
}

#[tokio::test]
async fn r_m1_a_message_is_answered_as_it_is_stored_and_read() {
    let talker = talker().await;
    let metadata = json!({"colour": "하늘", "n": [1, 2.5, null]});
    let sent = talker
        .send(json!({"content": "  회의 \n 시작 ", "client_id": "c1", "metadata": metadata}))
        .await;
    assert_eq!(sent.status, 201, "{sent:#?}");
    let message = sent.ok();
    assert_eq!(message["content"], "회의 \n 시작");
    assert_eq!(message["author"], json!(talker.person.id));
    assert_eq!(message["room_id"], talker.room);
    assert_eq!(
        (&message["kind"], &message["client_id"]),
        (&json!("text"), &json!("c1"))
    );
    assert_eq!(message["metadata"], metadata);
    for absent in ["reply_to", "edited_at", "deleted_at"] {
        assert_eq!(message.get(absent), Some(&Value::Null), "{absent}");
    }
    let id = message["id"].as_str().expect("an id");
    let read = talker.person.get(&format!("/v1/messages/{id}")).await.ok();
    assert_eq!(read, message);
    assert_eq!(talker.read("?limit=1").await["items"], json!([message]));
}

#[tokio::test]
async fn r_m1_text_is_1_to_4000_characters_in_nfc() {
    let talker = talker().await;
    let send = async |content: String| talker.send(json!({ "content": content })).await;
    let decomposed = "\u{1112}\u{116c}\u{110b}\u{1174}";
    assert_eq!(send(decomposed.into()).await.ok()["content"], "회의");
    assert_eq!(send("👍".repeat(4_000)).await.status, 201);
    let long = send("👍".repeat(4_001)).await;
    assert_eq!(long.refusal(), (422, "invalid"));
    assert_eq!(fields(&long), [("content", "too_long")]);
    for blank in ["", " \n\t", "\u{3000}\u{200b}", "\u{3164}"] {
        let refused = send(blank.into()).await;
        assert_eq!(fields(&refused), [("content", "blank")], "{blank:?}");
    }
}

#[tokio::test]
async fn r_m1_all_wrong_fields_are_told_at_once() {
    let talker = talker().await;
    let refused = talker
        .send(json!({
            "content": "\u{200b}",
            "client_id": "이름",
            "reply_to": "nobody",
            "metadata": {"big": "x".repeat(4_096)},
        }))
        .await;
    assert_eq!(refused.refusal(), (422, "invalid"));
    assert_eq!(
        fields(&refused),
        [
            ("content", "blank"),
            ("client_id", "bad_client_id"),
            ("reply_to", "bad_id"),
            ("metadata", "too_large"),
        ]
    );
}

#[tokio::test]
async fn r_m2_the_same_client_id_at_once_is_one_message_with_equal_answers() {
    let talker = talker().await;
    let body = json!({"content": "one", "client_id": "c1"});
    let answers = join_all((0..8).map(|_| talker.send(body.clone()))).await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{answer:#?}");
        assert_eq!(answer.body, answers[0].body);
    }
    let items = talker.read("").await["items"].clone();
    let texts = items
        .as_array()
        .expect("items")
        .iter()
        .filter(|item| item["kind"] == "text");
    assert_eq!(texts.count(), 1);
    let other = talker
        .send(json!({"content": "two", "client_id": "c1"}))
        .await;
    assert_eq!(other.refusal(), (409, "client_id_reused"));
}

#[tokio::test]
async fn r_m3_the_log_tells_what_reading_answers() {
    let talker = talker().await;
    let message = talker
        .send(json!({"content": "one", "metadata": {"a": 1}}))
        .await
        .ok();
    let seq = message["seq"].as_i64().expect("a number");
    let events = format!("/v1/chatrooms/{}/events?after={}", talker.room, seq - 1);
    let events = talker.person.get(&events).await.ok();
    let event = &events["events"][0];
    assert_eq!(event["type"], "message.created");
    assert_eq!(event["seq"], message["seq"]);
    assert_eq!(event["data"], message);
}

#[tokio::test]
async fn r_m6_pages_go_on_in_their_direction() {
    let talker = talker().await;
    let first = talker.send(json!({"content": "message 0"})).await.ok()["seq"].clone();
    for n in 1..6 {
        let sent = talker
            .send(json!({"content": format!("message {n}")}))
            .await;
        assert_eq!(sent.status, 201, "{sent:#?}");
    }
    let texts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        let texts = items.filter(|item| item["kind"] == "text");
        texts
            .map(|item| item["content"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let newest = talker.read("?limit=2").await;
    assert_eq!(texts(&newest), ["message 5", "message 4"]);
    let next = newest["next_cursor"].as_str().expect("older ones");
    let older = talker.read(&format!("?limit=2&cursor={next}")).await;
    assert_eq!(texts(&older), ["message 3", "message 2"]);
    let after = talker.read(&format!("?limit=2&after={first}")).await;
    assert_eq!(texts(&after), ["message 1", "message 2"]);
    let middle = older["items"][0]["id"].as_str().expect("an id");
    let around = talker.read(&format!("?limit=3&around={middle}")).await;
    assert_eq!(texts(&around), ["message 4", "message 3", "message 2"]);
    for bad in [
        "?limit=0",
        "?limit=101",
        "?before=x",
        "?cursor=x",
        "?before=1&after=1",
        "?colour=1",
    ] {
        let refused = talker.person.get(&format!("{}{bad}", talker.path)).await;
        assert_eq!(refused.refusal(), (422, "invalid"), "{bad}");
    }
}

#[tokio::test]
async fn r_a8_a_stranger_finds_neither_room_nor_message() {
    let (talker, stranger) = (talker().await, talker().await);
    let message = talker.send(json!({"content": "one"})).await.ok();
    let id = message["id"].as_str().expect("an id");
    let person = &stranger.person;
    for answer in [
        person.get(&talker.path).await,
        person.post(&talker.path, json!({"content": "two"})).await,
        person.get(&format!("/v1/messages/{id}")).await,
        person.get("/v1/messages/nothing").await,
        person.get(&format!("{}?before={id}", stranger.path)).await,
    ] {
        assert_eq!(answer.refusal(), (404, "not_found"), "{answer:#?}");
    }
    let answered = stranger
        .send(json!({"content": "two", "reply_to": id}))
        .await;
    assert_eq!(fields(&answered), [("reply_to", "not_found")]);
}
