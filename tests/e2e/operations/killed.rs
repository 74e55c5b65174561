//! Functions that die: at their time limit, and at the worst moment.

use serde_json::{Value, json};
use support::launch::Launch;
use support::rest::fresh_id;
use support::socket::PATIENCE;
use support::{Person, Socket, Stack};

use super::away::fragile;
use super::{room, text};

/// The template with functions that may take three seconds only.
fn hasty() -> std::path::PathBuf {
    let template = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let text = std::fs::read_to_string(template).expect("the template");
    let changed = text.replace("    Timeout: 15\n", "    Timeout: 3\n");
    assert_ne!(
        text, changed,
        "the template says how long functions may take"
    );
    let path = std::env::temp_dir().join(format!("maru-hasty-{}.yaml", fresh_id()));
    std::fs::write(&path, changed).expect("a file");
    path
}

#[tokio::test]
async fn r_o4_a_function_that_takes_too_long_is_ended_and_the_next_call_works() {
    let template = hasty();
    let launch = Launch::temporary().arg("--faults").arg("--template");
    let running = launch.arg(&template.to_string_lossy()).start();
    std::fs::remove_file(&template).expect("it is there");
    let running = running.expect("the stack starts");
    let stack = &running.stack;
    let owner = Person::register(stack).await;
    let room = room(&owner).await;
    let path = format!("/v1/chatrooms/{room}/messages");
    let send = || owner.post(&path, json!({ "content": "안녕" }));
    assert_eq!(send().await.status, 201);

    let stuck = json!({ "target": "postgres", "effect": { "delay_ms": 20_000 } });
    stack.fault(stuck).await;
    for late in [send().await, owner.get(&path).await] {
        assert_eq!(late.refusal(), (503, "unavailable"), "{}", late.call);
        assert_eq!(late.header("retry-after"), "1");
        assert!(!text(&late.body["request_id"]).is_empty());
    }
    let timeouts = stack.counters("messages").await["timeouts"].clone();
    assert!(timeouts.as_i64() >= Some(1), "{timeouts}");
    stack.mend().await;
    assert_eq!(send().await.status, 201);
    assert_eq!(owner.get(&path).await.status, 200);
}

/// Two people in a room, each with a socket, and a message of the first whose function died before anyone heard of it.
struct Orphan {
    stack: &'static Stack,
    minji: Person,
    room: String,
    socket: Socket,
    /// The message, as the retry answers it.
    said: Value,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

async fn orphan() -> Orphan {
    let (stack, turn) = fragile().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji).await;
    let joined = juno.post(&format!("/v1/chatrooms/{room}/join"), json!({}));
    assert_eq!(joined.await.status, 200);
    let mut socket = Socket::connect(stack, &juno).await;
    let path = format!("/v1/chatrooms/{room}/messages");
    let hello = minji
        .post(&path, json!({ "content": "hört ihr mich?" }))
        .await
        .ok();
    socket
        .event(|event| event["data"]["id"] == hello["id"])
        .await;
    // Between commit and push: when the event is on its way into the room's queue.
    let words = format!("orphan {}", fresh_id());
    let rule = json!({ "target": "redis", "operation": words, "effect": { "kill": "messages" }, "count": 1 });
    stack.fault(rule).await;
    let body = json!({ "content": words, "client_id": fresh_id() });
    let lost = minji.post(&path, body.clone()).await;
    assert_eq!(lost.refusal(), (500, "internal"));
    stack.mend().await;
    // It was committed: the retry gets it, and it is one message.
    let said = minji.post(&path, body).await.ok();
    assert_eq!(
        said["seq"].as_i64(),
        hello["seq"].as_i64().map(|seq| seq + 1)
    );
    assert_eq!(
        socket.come_by_now().await,
        [Value::Null; 0],
        "nobody was told"
    );
    Orphan {
        stack,
        minji,
        room,
        socket,
        said,
        _turn: turn,
    }
}

impl Orphan {
    fn seen(&self) -> Value {
        let before = self.said["seq"].as_i64().map(|seq| seq - 1);
        json!({ "rooms": { &self.room: before } })
    }
}

#[tokio::test]
async fn r_r3_a_message_whose_function_died_is_found_by_the_next_ping() {
    let mut orphan = orphan().await;
    let seen = orphan.seen();
    let pong = orphan.socket.send("ping", seen.clone()).await;
    let behind = json!([{ "id": orphan.room, "seq": orphan.said["seq"] }]);
    assert_eq!(pong["data"]["rooms"], behind, "{pong}");
    let resumed = orphan.socket.send("resume", seen).await;
    assert_eq!(resumed["ok"], true, "{resumed}");
    let events = orphan.socket.take_events();
    assert_eq!(events[0]["data"], orphan.said);
}

#[tokio::test]
async fn r_r3_a_message_whose_function_died_shows_as_a_gap_with_the_next_one() {
    let mut orphan = orphan().await;
    let path = format!("/v1/chatrooms/{}/messages", orphan.room);
    let next = orphan.minji.post(&path, json!({ "content": "weiter" }));
    let next = next.await.ok();
    let heard = orphan
        .socket
        .event(|event| event["type"] == "message.created")
        .await;
    assert_eq!(heard["seq"], next["seq"]);
    let resumed = orphan.socket.send("resume", orphan.seen()).await;
    assert_eq!(resumed["ok"], true, "{resumed}");
    let seqs: Vec<_> = orphan.socket.take_events();
    assert_eq!(seqs[0]["data"], orphan.said);
}

#[tokio::test]
async fn r_r3_a_message_whose_function_died_is_announced_within_a_minute() {
    let mut orphan = orphan().await;
    // As if some seconds had gone by since.
    let sql = "update room_events set at = at - interval '10 seconds' where room_id = $1";
    let room: uuid::Uuid = orphan.room.parse().expect("an id");
    orphan.stack.execute(sql, &[&room]).await.expect("done");
    orphan
        .stack
        .invoke("reap", json!({ "job": "minute" }))
        .await;
    let heard = orphan.socket.next_event(|_| true, PATIENCE).await;
    assert_eq!(heard.expect("it comes")["data"], orphan.said);
    // What was told is not told again.
    orphan
        .stack
        .invoke("reap", json!({ "job": "minute" }))
        .await;
    assert_eq!(orphan.socket.come_by_now().await, [Value::Null; 0]);
}
