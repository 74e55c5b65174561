//! Sockets: handshakes, frames, @connections, ends.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::stack;
use crate::faults::{Effect, Faults, Rule, Target};

#[tokio::test]
async fn a_handshake_is_decided_by_authorizer_and_connect() {
    let stack = stack(|_| {}).await;
    assert_eq!(stack.connect("ticket=unauthorized").await.err(), Some(401));
    assert_eq!(stack.connect("ticket=deny").await.err(), Some(403));
    assert_eq!(stack.connect("ticket=refuse").await.err(), Some(403));
    let (_client, protocol) = stack.connect("ticket=t").await.unwrap();
    assert_eq!(protocol.as_deref(), Some("maru.v1"));
    assert_eq!(stack.gateway.connections(), 1);
    stack.stop().await;
}

#[tokio::test]
async fn frames_arrive_in_order_and_know_who_speaks() {
    let stack = stack(|_| {}).await;
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    for number in 0..5 {
        client
            .send(Message::text(format!("{{\"n\":{number}}}")))
            .await
            .unwrap();
    }
    client.send(Message::text("boom")).await.unwrap();
    let failure = client.next().await.unwrap().unwrap().into_text().unwrap();
    let failure: Value = serde_json::from_str(&failure).unwrap();
    assert_eq!(failure["message"], "Internal server error");
    client.close(None).await.unwrap();
    let seen = stack.seen(7).await;
    for (number, event) in seen.iter().take(5).enumerate() {
        assert_eq!(event["body"], format!("{{\"n\":{number}}}"));
        assert_eq!(event["requestContext"]["routeKey"], "$default");
        assert_eq!(event["requestContext"]["authorizer"]["user"], "u");
        assert_eq!(event["requestContext"]["authorizer"]["age"], "7");
    }
    assert_eq!(seen[6]["requestContext"]["eventType"], "DISCONNECT");
    assert_eq!(stack.gateway.connections(), 0);
    stack.stop().await;
}

#[tokio::test]
async fn connections_are_posted_to_asked_about_and_closed() {
    let stack = stack(|_| {}).await;
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    client.send(Message::text("hi")).await.unwrap();
    let seen = stack.seen(1).await;
    let id = seen[0]["requestContext"]["connectionId"].as_str().unwrap();
    assert!(id.ends_with('='));
    let long = "가".repeat(40_000);
    let post = reqwest::Method::POST;
    assert_eq!(stack.manage(post.clone(), id, long.clone()).await.0, 200);
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Message::Text(Utf8Bytes::from(long))
    );
    assert_eq!(
        stack.manage(post.clone(), id, "x".repeat(131_073)).await.0,
        413
    );
    let (status, info) = stack.manage(reqwest::Method::GET, id, String::new()).await;
    assert!(status == 200 && info.contains("lastActiveAt"), "{info}");
    assert_eq!(
        stack
            .manage(reqwest::Method::DELETE, id, String::new())
            .await
            .0,
        204
    );
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
    drop(client);
    stack.seen(2).await;
    let (status, gone) = stack.manage(post, id, "x".to_owned()).await;
    assert!(status == 410 && gone.contains("\"message\":null"), "{gone}");
    stack.stop().await;
}

#[tokio::test]
async fn too_large_too_idle_and_too_old_sockets_are_closed() {
    let stack = stack(|options| options.idle = Duration::from_millis(300)).await;
    let code = |end: Option<Result<Message, tungstenite::Error>>| match end {
        Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
        other => panic!("{other:?}"),
    };
    let (mut large, _) = stack.connect("ticket=t").await.unwrap();
    large
        .send(Message::text("x".repeat(32 * 1024 + 1)))
        .await
        .unwrap();
    assert_eq!(code(large.next().await), 1009);
    let (mut idle, _) = stack.connect("ticket=t").await.unwrap();
    assert_eq!(code(idle.next().await), 1001);
    let ends: Vec<Value> = stack.seen(2).await;
    let codes = ends
        .iter()
        .map(|end| end["requestContext"]["disconnectStatusCode"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), [json!(1009), json!(1001)]);
    stack.stop().await;
}

#[tokio::test]
async fn faults_and_quota_stand_between_functions_and_sockets() {
    let faults = Faults::default();
    let stack = stack(|options| {
        options.faults = faults.clone();
        options.quota = Some(4);
    })
    .await;
    faults.add(Rule {
        target: Target::Management,
        operation: None,
        effect: Effect::Status(410),
        after: false,
        skip: 0,
        count: Some(1),
        probability: None,
    });
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    client.send(Message::text("hi")).await.unwrap();
    let seen = stack.seen(1).await;
    let id = seen[0]["requestContext"]["connectionId"].as_str().unwrap();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(
            stack
                .manage(reqwest::Method::POST, id, "x".to_owned())
                .await
                .0,
        );
    }
    assert_eq!(answers, [410, 200, 200, 429]);
    stack.stop().await;
}
