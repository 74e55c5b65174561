//! Who gets a socket, and the first words.

use serde_json::json;
use support::socket::request;
use support::{Person, Socket, Stack};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;

use super::{last_seq, room};

#[tokio::test]
async fn r_r1_a_ticket_opens_one_socket() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let ticket = minji.post("/v1/realtime/tickets", json!({})).await.ok();
    assert_eq!(ticket["expires_in_s"], 30);
    let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
    let mut socket = Socket::with(request(stack, &ticket))
        .await
        .expect("it opens");
    assert_eq!(socket.send("hello", json!({})).await["ok"], true);
    assert!(
        Socket::with(request(stack, &ticket)).await.is_err(),
        "used up"
    );
    assert!(Socket::with(request(stack, "made-up")).await.is_err());
    assert!(Socket::with(request(stack, "")).await.is_err());
}

#[tokio::test]
async fn r_r1_a_token_opens_a_socket_and_a_foreign_page_does_not() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let with = |token: &str, origin: Option<&str>| {
        let address = stack.socket.parse().expect("an address");
        let request = ClientRequestBuilder::new(address)
            .with_header("authorization", format!("Bearer {token}"));
        match origin {
            Some(origin) => request.with_header("origin", origin),
            None => request,
        }
    };
    let token = &minji.access_token;
    assert!(Socket::with(with(token, None)).await.is_ok());
    assert!(Socket::with(with("nonsense", None)).await.is_err());
    let foreign = with(token, Some("https://evil.example"));
    assert!(Socket::with(foreign).await.is_err());
    let ours = with(token, Some("http://localhost:3000"));
    assert!(Socket::with(ours).await.is_ok());
}

#[tokio::test]
async fn r_r1_tickets_need_a_living_session() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let anonymous = support::Rest::anonymous(stack);
    let refused = anonymous.post("/v1/realtime/tickets", json!({})).await;
    assert_eq!(refused.refusal(), (401, "unauthenticated"));
    let out = minji.post("/v1/auth/logout", json!({})).await;
    assert!(out.status.is_success(), "{out:#?}");
    let refused = minji.post("/v1/realtime/tickets", json!({})).await;
    assert_eq!(refused.refusal(), (401, "token_invalid"));
}

#[tokio::test]
async fn r_r3_hello_tells_where_everything_stands() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (first, second) = (room(&minji, &[]).await, room(&minji, &[]).await);
    let socket = Socket::connect(stack, &minji).await;
    let hello = &socket.hello;
    assert_eq!(hello["heartbeat_s"], 240);
    let reconnect = hello["reconnect_after_s"].as_i64().expect("seconds");
    assert!((110 * 60..=118 * 60).contains(&reconnect));
    assert!(hello["user_seq"].is_i64());
    let rooms = hello["rooms"].as_array().expect("rooms");
    assert_eq!(rooms.len(), 2);
    for id in [first, second] {
        let seq = last_seq(&minji, &id).await;
        assert!(
            rooms.contains(&json!({ "id": id, "seq": seq })),
            "{rooms:?}"
        );
    }
}
