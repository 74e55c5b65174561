//! Frames that nobody should send: each is answered, and only persistence ends a socket.

use serde_json::{Value, json};
use support::socket::PATIENCE;
use support::{Person, Socket, Stack};

use super::room;

async fn socket() -> Socket {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    Socket::connect(stack, &minji).await
}

async fn code_of(socket: &mut Socket, frame: &str, id: Option<&str>) -> String {
    socket.raw(frame).await;
    let answer = socket.answer(id).await;
    assert_eq!(answer["ok"], false);
    answer["error"]["code"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn r_r1_what_is_no_request_is_answered_and_the_socket_stays() {
    let mut socket = socket().await;
    let cases = [
        ("not json", None, "malformed_json"),
        ("[1]", None, "malformed_request"),
        (r#"{"id":"a"}"#, Some("a"), "malformed_request"),
        (
            r#"{"id":"b","action":"dance"}"#,
            Some("b"),
            "unknown_action",
        ),
        (
            r#"{"id":"c","action":"ping","data":7}"#,
            Some("c"),
            "malformed_request",
        ),
        (
            r#"{"id":"d","action":"ping","data":{"rooms":7}}"#,
            Some("d"),
            "invalid",
        ),
        (
            r#"{"id":"e","action":"ping","data":{"x":7}}"#,
            Some("e"),
            "invalid",
        ),
    ];
    for (frame, id, code) in cases {
        assert_eq!(code_of(&mut socket, frame, id).await, code, "{frame}");
    }
    assert_eq!(socket.send("ping", json!({})).await["ok"], true);
}

#[tokio::test]
async fn r_r1_a_frame_of_33_kb_does_not_reach_anyone() {
    let mut socket = socket().await;
    let long = "x".repeat(33 * 1024);
    let frame = json!({ "id": "long", "action": "ping", "data": { "x": long } });
    socket.raw(frame.to_string()).await;
    // The gateway ends a socket whose frame is too long before any function hears of it.
    assert!(socket.closed(PATIENCE).await);
}

#[tokio::test]
async fn r_o1_a_thousand_frames_at_once_end_their_socket_and_no_other() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let (mut calm, mut wild) = (
        Socket::connect(stack, &minji).await,
        Socket::connect(stack, &juno).await,
    );
    for n in 0..1_000 {
        let frame = json!({ "id": format!("w{n}"), "action": "ping" });
        if !wild.offer(frame.to_string()).await {
            break;
        }
    }
    let farewell = wild.control(PATIENCE).await.expect("a farewell");
    assert_eq!(farewell["control"], "too_many_bad_frames");
    assert!(wild.closed(PATIENCE).await);
    let said = super::say(&minji, &room, "아직 여기").await;
    let heard = calm.event(|event| event["data"]["id"] == said["id"]).await;
    assert_eq!(heard["seq"], said["seq"]);
    assert_eq!(calm.send("ping", json!({})).await["ok"], true);
}

#[tokio::test]
async fn r_r1_twenty_bad_frames_in_a_minute_end_a_socket() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    // It has said nothing before: twenty frames are what a second may hold, and it is their badness that counts.
    let mut socket = Socket::open(stack, &minji).await;
    for n in 0..20 {
        let code = code_of(&mut socket, "nonsense", None).await;
        assert_eq!(code, "malformed_json", "{n}");
    }
    // On a busy machine Redis may be late for one of them, and what was not counted does not count.
    let mut control = socket.control(PATIENCE).await;
    for _ in 0..3 {
        if control.is_none() {
            socket.raw("nonsense").await;
            control = socket.control(PATIENCE).await;
        }
    }
    let control = control.expect("a farewell");
    assert_eq!(control["control"], "too_many_bad_frames");
    assert!(socket.closed(PATIENCE).await);
}

#[tokio::test]
async fn r_r1_a_large_event_is_a_hint_to_read_it() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &minji).await;
    let path = format!("/v1/chatrooms/{room}/messages");
    // Four thousand characters of four bytes each fit a frame; nothing a person may send is cut off.
    let content = "𝒜".repeat(4_000);
    minji.post(&path, json!({ "content": content })).await.ok();
    let event = socket
        .event(|event: &Value| event["type"] == "message.created")
        .await;
    assert_eq!(event["data"]["content"], content);
}
