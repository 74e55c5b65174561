//! R-A2 and R-R1: whoever is signed out loses their sockets at once, and nobody else does.

use http::Method;
use serde_json::json;
use support::socket::PATIENCE;
use support::{Person, Rest, Socket, Stack};

/// Two devices of one person, each with a session and a socket.
struct Devices {
    phone: (Person, Socket),
    desk: (Person, Socket),
    rest: Rest,
}

async fn devices() -> Devices {
    let stack = Stack::get().await;
    let phone = Person::register(stack).await;
    let desk = Person::login(stack, &phone.email).await;
    Devices {
        phone: (phone.clone(), Socket::connect(stack, &phone).await),
        desk: (desk.clone(), Socket::connect(stack, &desk).await),
        rest: Rest::anonymous(stack),
    }
}

impl Devices {
    /// The phone hears that it was signed out, without having said a word; the desk hears of nothing.
    async fn only_the_phone_is_cut_off(mut self) {
        let socket = &mut self.phone.1;
        let control = socket.control(PATIENCE).await.expect("a farewell");
        assert_eq!(control["control"], "signed_out");
        assert!(socket.closed(PATIENCE).await);
        let (person, socket) = &mut self.desk;
        assert_eq!(socket.send("ping", json!({})).await["ok"], true);
        let room = json!({ "name": "책상 위", "type": "private" });
        let room = person.post("/v1/chatrooms", room).await.ok();
        let path = format!(
            "/v1/chatrooms/{}/messages",
            room["id"].as_str().expect("an id")
        );
        let said = person.post(&path, json!({ "content": "여기" })).await.ok();
        socket
            .event(|event| event["data"]["id"] == said["id"])
            .await;
    }
}

#[tokio::test]
async fn r_r1_signing_out_cuts_the_sessions_sockets_at_once() {
    let devices = devices().await;
    let out = devices.phone.0.call(Method::POST, "/v1/auth/logout").await;
    assert_eq!(out.status, 204, "{out:#?}");
    devices.only_the_phone_is_cut_off().await;
}

#[tokio::test]
async fn r_r1_signing_out_by_refresh_token_does_too() {
    let devices = devices().await;
    let body = json!({ "refresh_token": devices.phone.0.refresh_token });
    let out = devices.rest.post("/v1/auth/logout", body).await;
    assert_eq!(out.status, 204, "{out:#?}");
    devices.only_the_phone_is_cut_off().await;
}

#[tokio::test]
async fn r_r1_ending_a_session_from_another_device_does_too() {
    let devices = devices().await;
    let path = format!("/v1/me/sessions/{}", devices.phone.0.session);
    assert_eq!(devices.desk.0.delete(&path).await.status, 204);
    devices.only_the_phone_is_cut_off().await;
}

#[tokio::test]
async fn r_r1_a_refresh_token_used_twice_does_too() {
    let devices = devices().await;
    let body = json!({ "refresh_token": devices.phone.0.refresh_token });
    let first = devices.rest.post("/v1/auth/refresh", body.clone()).await;
    assert_eq!(first.status, 200);
    let again = devices.rest.post("/v1/auth/refresh", body).await;
    assert_eq!(again.refusal(), (401, "session_ended"));
    devices.only_the_phone_is_cut_off().await;
}
