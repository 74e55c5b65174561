//! `Egress=none`: a function inside the network has no way to the sockets, and posts nothing by itself.

use serde_json::json;
use support::launch::Launch;
use support::socket::PATIENCE;
use support::{Person, Socket, Stack};

use super::{last_seq, room, say};

/// How often the announce function was called.
async fn announced(stack: &Stack) -> u64 {
    let counters = stack.counters("announce").await;
    counters["invocations"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn r_r1_without_a_way_out_answers_and_events_go_through_announce() {
    let launch = Launch::temporary().arg("--set").arg("Egress=none");
    let running = launch.start().expect("the stack starts");
    let stack = &running.stack;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &minji).await;
    let before = announced(stack).await;
    assert!(before >= 1, "the answer to hello");
    assert_eq!(socket.send("ping", json!({})).await["ok"], true);
    assert_eq!(announced(stack).await, before + 1);

    let seen = last_seq(&minji, &room).await;
    let said = say(&minji, &room, "들리나요?").await;
    let event = socket.event(|it| it["type"] == "message.created").await;
    assert_eq!(event["seq"], said["seq"]);
    assert_eq!(announced(stack).await, before + 2);
    let resumed = socket.send("resume", json!({ "rooms": { &room: seen } }));
    assert_eq!(resumed.await["data"]["rooms"][&room], said["seq"]);
    let again = socket.event(|it| it["seq"] == said["seq"]).await;
    assert_eq!(again["data"], event["data"]);

    // The last word, and the end.
    for _ in 0..20 {
        socket.raw("nonsense").await;
    }
    let control = socket.control(PATIENCE).await.expect("a last word");
    assert_eq!(control["control"], "too_many_bad_frames");
    assert!(socket.closed(PATIENCE).await);
}
