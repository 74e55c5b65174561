//! The migrate function: schema and keys, by hand and for CloudFormation.

use std::time::Duration;

use serde_json::{Value, json};
use store::{Password, Store};
use support::launch::{Launch, Running};
use support::socket::PATIENCE;
use support::{Person, Rest, Stack};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A stack of the test's own: who meets two new keys within ten seconds believes the second one only then, and the
/// other tests would wait for it.
fn own() -> Running {
    Launch::temporary().start().expect("the stack starts")
}

async fn published(stack: &Stack) -> Vec<String> {
    let set = Rest::anonymous(stack)
        .get("/.well-known/jwks.json")
        .await
        .ok();
    let keys = set["keys"].as_array().expect("keys");
    let kid = |key: &Value| key["kid"].as_str().expect("a name").to_owned();
    keys.iter().map(kid).collect()
}

#[tokio::test]
async fn r_a2_a_new_key_is_published_and_old_tokens_stay_good() {
    let running = own();
    let stack = &running.stack;
    let owner = Person::register(stack).await;
    let before = published(stack).await;
    let report = stack
        .invoke("migrate", json!({"action": "rotate_keys"}))
        .await;
    assert_eq!(report["signing_keys"]["rotated"], true, "{report}");
    let new = report["signing_keys"]["kid"].as_str().expect("a name");
    assert!(!before.contains(&new.to_owned()));
    let after = published(stack).await;
    assert!(after.contains(&new.to_owned()));
    assert!(before.iter().all(|kid| after.contains(kid)), "{after:?}");
    assert_eq!(owner.get("/v1/me").await.status, 200);
    // It is young: nothing more to do.
    let again = stack
        .invoke("migrate", json!({"action": "maintain_keys"}))
        .await;
    assert_eq!(again["signing_keys"]["rotated"], false);
    assert_eq!(again["signing_keys"]["kid"], new);
}

#[tokio::test]
async fn r_a2_a_key_that_retired_is_forgotten() {
    // Any other run of it would forget the key too.
    let running = own();
    let stack = &running.stack;
    let kid = format!("retired-{}", app::clock::id());
    stack.retire(&kid).await;
    assert!(published(stack).await.contains(&kid));
    let report = stack
        .invoke("migrate", json!({"action": "maintain_keys"}))
        .await;
    assert!(report["signing_keys"]["forgotten"].as_i64() >= Some(1));
    assert!(!published(stack).await.contains(&kid));
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let stack = Stack::get().await;
    let report = stack.invoke("migrate", json!({})).await;
    assert_eq!(report["applied"], json!([]));
}

#[tokio::test]
async fn two_at_once_on_an_empty_database_share_the_work() {
    let stack = Stack::get().await;
    let url = stack.empty_database().await;
    let run = async || {
        let owner = Store::new(&url, Password::InAddress).expect("an address");
        let mut turn = store::migrations::turn(&owner).await.expect("a turn");
        turn.migrate().await.expect("the schema")
    };
    let (one, other) = tokio::join!(run(), run());
    let (all, none) = if other.is_empty() {
        (one, other)
    } else {
        (other, one)
    };
    assert!(all.len() >= 5, "{all:?}");
    assert_eq!(none, Vec::<String>::new());
}

#[tokio::test]
async fn r_a2_keys_that_are_replaced_twice_at_once_stay_whole() {
    let running = own();
    let stack = &running.stack;
    let owner = Person::register(stack).await;
    // The first is held in the middle of its work; the second has to wait before its own begins.
    let held = stack.hold_signing_keys().await;
    let rotate = || stack.invoke("migrate", json!({"action": "rotate_keys"}));
    let meeting = async {
        while (
            stack.waiting_for("relation").await,
            stack.waiting_for("advisory").await,
        ) != (1, 1)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let meeting = async {
        let met = tokio::time::timeout(PATIENCE, meeting).await;
        drop(held);
        met.expect("one waits for the other");
    };
    let (one, other, ()) = tokio::join!(rotate(), rotate(), meeting);
    // The one that signs from now on is not one that retires.
    let now = stack
        .invoke("migrate", json!({"action": "maintain_keys"}))
        .await;
    let signs = &now["signing_keys"]["kid"];
    let kids = [&one, &other].map(|report| &report["signing_keys"]["kid"]);
    assert!(kids.contains(&signs), "{kids:?} {signs}");
    assert_ne!(kids[0], kids[1]);
    let retiring = stack.retiring_keys().await;
    assert!(!retiring.contains(&signs.as_str().expect("a name").to_owned()));
    assert_eq!(owner.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn cloudformation_is_answered_where_it_waits() {
    let stack = Stack::get().await;
    for kind in ["Create", "Update", "Delete"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let event = json!({
            "RequestType": kind,
            "ResponseURL": format!("http://{address}/answer?signature=x"),
            "StackId": "stack",
            "RequestId": "request-1",
            "LogicalResourceId": "Migration",
            "ResourceType": "Custom::Migration",
            "ResourceProperties": {"Version": "1"},
        });
        let (request, _) = tokio::join!(received(listener), stack.invoke("migrate", event));
        let (head, body) = request.split_once("\r\n\r\n").expect("a whole request");
        assert!(head.starts_with("PUT /answer?signature=x "), "{head}");
        assert!(!head.to_lowercase().contains("content-type"), "{head}");
        let answer: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        assert_eq!(answer["RequestId"], "request-1");
    }
}

/// The one request that comes in, answered with 200.
async fn received(listener: TcpListener) -> String {
    let (mut socket, _) = listener.accept().await.expect("a connection");
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with('}') {
        let read = socket.read(&mut buffer).await.expect("bytes");
        assert!(read > 0, "it broke off: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let done = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    done.await.expect("sent");
    text
}
