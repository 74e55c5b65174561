//! What is lost, late or failing on the way to sockets comes back by itself.
//!
//! These break what other tests rely on, so they have a stack of their own.

use serde_json::{Value, json};
use std::sync::OnceLock;
use support::launch::{Launch, Running};
use support::{Person, Socket, Stack};
use tokio::sync::{Mutex, MutexGuard};

use super::{room, say};

/// The stack to break, by one test at a time.
async fn fragile() -> (&'static Stack, MutexGuard<'static, ()>) {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let running = RUNNING.get_or_init(|| {
        let launch = Launch::temporary().arg("--faults");
        launch.start().expect("the stack starts")
    });
    (&running.stack, turn)
}

/// Two people in a room, each with a socket.
async fn two(stack: &Stack) -> (Person, String, [Socket; 2]) {
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let sockets = [
        Socket::connect(stack, &minji).await,
        Socket::connect(stack, &juno).await,
    ];
    (minji, room, sockets)
}

/// Waits until every socket has heard the message.
async fn all_hear(sockets: &mut [Socket], said: &Value) {
    for socket in sockets {
        let event = socket
            .event(|event| event["data"]["id"] == said["id"])
            .await;
        assert_eq!(event["seq"], said["seq"]);
    }
}

#[tokio::test]
async fn r_r2_a_flushed_redis_heals_with_the_next_message() {
    let (stack, _turn) = fragile().await;
    let (minji, room, mut sockets) = two(stack).await;
    for round in 0..3 {
        stack.order("reset-redis").await;
        let said = say(&minji, &room, &format!("after flush {round}")).await;
        all_hear(&mut sockets, &said).await;
    }
}

#[tokio::test]
async fn r_r3_a_ping_lists_a_socket_again() {
    let (stack, _turn) = fragile().await;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &minji).await;
    stack.order("reset-redis").await;
    assert_eq!(socket.send("ping", json!({})).await["ok"], true);
    let typing = json!({ "room_id": room });
    socket.post("typing.start", typing).await;
    // What is not kept reaches only those who are listed.
    socket
        .event(|event| event["type"] == "typing.started")
        .await;
}

#[tokio::test]
async fn r_r3_a_ping_lists_a_socket_again_that_was_said_to_be_gone() {
    let (stack, _turn) = fragile().await;
    let (minji, room, mut sockets) = two(stack).await;
    let rule = json!({
        "target": "management", "operation": "PostToConnection", "effect": { "status": 410 }, "count": 2,
    });
    stack.fault(rule).await;
    say(&minji, &room, "nobody hears this").await;
    stack.mend().await;
    for socket in &mut sockets {
        assert_eq!(socket.send("ping", json!({})).await["ok"], true);
    }
    let said = say(&minji, &room, "both hear this").await;
    all_hear(&mut sockets, &said).await;
}

#[tokio::test]
async fn r_r2_without_redis_chat_goes_on() {
    let (stack, _turn) = fragile().await;
    let (minji, room, mut sockets) = two(stack).await;
    stack.order("redis/stop").await;
    for round in 0..3 {
        let said = say(&minji, &room, &format!("without {round}")).await;
        all_hear(&mut sockets, &said).await;
    }
    assert_eq!(sockets[0].send("ping", json!({})).await["ok"], true);
    stack.order("redis/start").await;
    for round in 0..3 {
        let said = say(&minji, &room, &format!("with it again {round}")).await;
        all_hear(&mut sockets, &said).await;
    }
}

#[tokio::test]
async fn r_r2_a_push_that_fails_is_tried_again() {
    let (stack, _turn) = fragile().await;
    let (minji, room, mut sockets) = two(stack).await;
    for effect in [
        json!({ "status": 429 }),
        json!({ "status": 500 }),
        json!("absent"),
    ] {
        let rule = json!({
            "target": "management", "operation": "PostToConnection", "effect": effect, "count": 3,
        });
        stack.fault(rule).await;
        let said = say(&minji, &room, &format!("in spite of {effect}")).await;
        all_hear(&mut sockets, &said).await;
        stack.mend().await;
    }
}

#[tokio::test]
async fn r_r2_a_closed_socket_costs_its_room_nothing() {
    let (stack, _turn) = fragile().await;
    let (minji, room, [first, second]) = two(stack).await;
    second.cut();
    let mut rest = [first];
    for round in 0..3 {
        let said = say(&minji, &room, &format!("to the one who is left {round}")).await;
        all_hear(&mut rest, &said).await;
    }
    let [mut socket] = rest;
    assert_eq!(socket.come_by_now().await, [Value::Null; 0]);
}
