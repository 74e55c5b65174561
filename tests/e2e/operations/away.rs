//! What clients see while a store is away, and that everything comes back by itself. On a stack of its own.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use support::launch::{Launch, Running};
use support::rest::fresh_id;
use support::sender::{Sender, bytes, start};
use support::{Answer, Person, Rest, Socket, Stack};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{interval, timeout};

use super::{room, text};

/// How long everything may take to come back.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks whether it has: 300 within the patience, which even writes may be.
const PACE: Duration = Duration::from_millis(100);

/// The stack to break, by one test at a time.
pub(super) async fn fragile() -> (&'static Stack, MutexGuard<'static, ()>) {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let running = RUNNING.get_or_init(|| {
        let launch = Launch::temporary().arg("--faults");
        launch.start().expect("the stack starts")
    });
    (&running.stack, turn)
}

/// A refusal that says that something is away and when to come again.
#[track_caller]
fn away(answer: &Answer) {
    assert_eq!(answer.refusal(), (503, "unavailable"), "{}", answer.call);
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=10).contains(&wait), "{answer:#?}");
    assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
}

/// Calls until it goes well, never as often as a person may not.
async fn comes_back(call: impl AsyncFn() -> Answer) -> Answer {
    let mut pace = interval(PACE);
    let trying = async {
        loop {
            pace.tick().await;
            let answer = call().await;
            if answer.status.is_success() {
                return answer;
            }
            assert_eq!(answer.status, 503, "{answer:#?}");
        }
    };
    timeout(PATIENCE, trying).await.expect("it comes back")
}

async fn states(stack: &Stack) -> (u16, Vec<(String, String)>) {
    let answer = Rest::anonymous(stack).get("/health/ready").await;
    let list = answer.body["dependencies"].as_array().expect("a list");
    let states = list
        .iter()
        .map(|it| (text(&it["name"]), text(&it["state"])));
    (answer.status.as_u16(), states.collect())
}

async fn only_down(stack: &Stack, name: &str) {
    let (status, states) = states(stack).await;
    assert_eq!(status, 503);
    for (known, state) in states {
        let expected = if known == name { "down" } else { "up" };
        assert_eq!(state, expected, "{known} while {name} is away");
    }
}

#[tokio::test]
async fn r_o4_without_postgres_calls_say_so_and_go_on_when_it_is_back() {
    let (stack, _turn) = fragile().await;
    let owner = Person::register(stack).await;
    let room = room(&owner).await;
    let path = format!("/v1/chatrooms/{room}/messages");
    let mut socket = Socket::connect(stack, &owner).await;
    let before = owner.post(&path, json!({ "content": "vorher" })).await.ok();

    stack.order("postgres/stop").await;
    away(&owner.get("/v1/chatrooms").await);
    away(&owner.get(&path).await);
    away(&owner.post(&path, json!({ "content": "jetzt" })).await);
    let login = json!({ "email": owner.email, "password": support::person::PASSWORD });
    away(
        &Rest::anonymous(stack)
            .post("/v1/auth/login", login.clone())
            .await,
    );
    let data = json!({ "room_id": room, "content": "über den Socket" });
    let refused = socket.send("message.send", data.clone()).await;
    assert_eq!(refused["error"]["code"], "unavailable", "{refused}");
    only_down(stack, "postgres").await;
    assert_eq!(Rest::anonymous(stack).get("/health/live").await.status, 200);

    stack.order("postgres/start").await;
    comes_back(async || owner.get(&path).await).await;
    let after = comes_back(async || owner.post(&path, json!({ "content": "nachher" })).await);
    let after = after.await.ok();
    assert_eq!(
        after["seq"].as_i64(),
        before["seq"].as_i64().map(|seq| seq + 1)
    );
    socket
        .event(|event| event["data"]["id"] == after["id"])
        .await;
    let sent = timeout(PATIENCE, async {
        while socket.send("message.send", data.clone()).await["ok"] != true {}
    });
    sent.await.expect("sockets speak again");
    comes_back(async || Rest::anonymous(stack).get("/health/ready").await).await;
    comes_back(async || {
        Rest::anonymous(stack)
            .post("/v1/auth/login", login.clone())
            .await
    })
    .await;
}

#[tokio::test]
async fn r_o4_a_throttled_dynamodb_closes_what_needs_it_and_nothing_else() {
    let (stack, _turn) = fragile().await;
    let owner = Person::register(stack).await;
    let room = room(&owner).await;
    let path = format!("/v1/chatrooms/{room}/messages");
    let mut socket = Socket::connect(stack, &owner).await;
    for effect in [json!({ "status": 400 }), json!("absent")] {
        stack
            .fault(json!({ "target": "dynamodb", "effect": effect }))
            .await;
        let said = owner
            .post(&path, json!({ "content": "trotzdem" }))
            .await
            .ok();
        socket
            .event(|event| event["data"]["id"] == said["id"])
            .await;
        assert_eq!(socket.send("ping", json!({})).await["ok"], true);
        away(&owner.post("/v1/realtime/tickets", json!({})).await);
        let body = json!({ "name": "mit Schlüssel", "type": "private" });
        let keyed = owner.post("/v1/chatrooms", body);
        away(
            &keyed
                .header("idempotency-key", &fresh_id().to_string())
                .await,
        );
        only_down(stack, "dynamodb").await;
        // Signing out works; the socket goes with its next frame.
        let other = Person::login(stack, &owner.email).await;
        assert_eq!(other.post("/v1/auth/logout", json!({})).await.status, 204);
        stack.mend().await;
    }
    comes_back(async || owner.post("/v1/realtime/tickets", json!({})).await).await;
}

#[tokio::test]
async fn r_o4_an_absent_s3_stops_uploads_and_nothing_else() {
    let (stack, _turn) = fragile().await;
    let owner = Person::register(stack).await;
    let room = room(&owner).await;
    let sender = Sender::begin(&owner, &room, "a.bin", bytes(5_000, 1)).await;
    sender.send_all(&owner).await;
    for effect in [json!("absent"), json!({ "status": 503 })] {
        stack
            .fault(json!({ "target": "s3", "effect": effect }))
            .await;
        let begun = owner.post("/v1/uploads", start(&room, "b.bin", 5, "none"));
        away(&begun.await);
        away(&sender.complete(&owner).await);
        only_down(stack, "s3").await;
        let path = format!("/v1/chatrooms/{room}/messages");
        let said = owner
            .post(&path, json!({ "content": "ohne Dateien" }))
            .await;
        assert_eq!(said.status, 201);
        stack.mend().await;
    }
    // Slow is not away: it takes longer, and it is done once.
    let slow = json!({ "target": "s3", "operation": "CompleteMultipartUpload", "effect": { "delay_ms": 1_500 } });
    stack.fault(slow).await;
    let file: Value = comes_back(async || sender.complete(&owner).await)
        .await
        .ok();
    stack.mend().await;
    assert_eq!(file["size"], 5_000, "{file}");
}
