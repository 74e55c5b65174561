//! What is lost in Redis comes back by itself.

use serde_json::{Value, json};
use support::launch::{Launch, Running};
use support::{Person, Rest, Socket, Stack};

use super::{room, say};

/// A stack of its own: emptying Redis would take the other tests' limits away.
fn own_stack() -> Running {
    Launch::temporary().start().expect("the stack starts")
}

fn control(stack: &Stack) -> Rest {
    Rest::from(&stack.control, None)
}

#[tokio::test]
async fn r_r2_a_flushed_redis_heals_with_the_next_message() {
    let running = own_stack();
    let stack = &running.stack;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let mut sockets = [
        Socket::connect(stack, &minji).await,
        Socket::connect(stack, &juno).await,
    ];
    for round in 0..3 {
        control(stack).post("/reset-redis", json!({})).await.ok();
        let said = say(&minji, &room, &format!("after flush {round}")).await;
        for socket in &mut sockets {
            let event = socket
                .event(|event: &Value| event["data"]["id"] == said["id"])
                .await;
            assert_eq!(event["seq"], said["seq"]);
        }
    }
}

#[tokio::test]
async fn r_r3_a_ping_lists_a_socket_again() {
    let running = own_stack();
    let stack = &running.stack;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &minji).await;
    control(stack).post("/reset-redis", json!({})).await.ok();
    assert_eq!(socket.send("ping", json!({})).await["ok"], true);
    let typing = json!({ "room_id": room });
    socket.post("typing.start", typing).await;
    // What is not kept reaches only those who are listed.
    socket
        .event(|event| event["type"] == "typing.started")
        .await;
}
