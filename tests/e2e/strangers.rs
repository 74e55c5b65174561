//! What somebody of another company, somebody outside a room, and somebody without a token get on every route.
//!
//! The table is held against the document: a new route without a row here fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Answer, Person, Stack};

use crate::contract::documented;
use crate::strangers::things::{Things, things};

mod things;

/// Routes that name something, and the body to try them with.
const NAMING: &[(&str, &str, &str)] = &[
    ("GET", "/v1/chatrooms/{id}", ""),
    (
        "PATCH",
        "/v1/chatrooms/{id}",
        r#"{"description":"mine now"}"#,
    ),
    ("POST", "/v1/chatrooms/{id}/archive", ""),
    ("POST", "/v1/chatrooms/{id}/restore", ""),
    ("POST", "/v1/chatrooms/{id}/join", ""),
    ("POST", "/v1/chatrooms/{id}/leave", ""),
    ("GET", "/v1/chatrooms/{id}/members", ""),
    (
        "POST",
        "/v1/chatrooms/{id}/members",
        r#"{"members":[{"user_id":"{me}"}]}"#,
    ),
    (
        "PATCH",
        "/v1/chatrooms/{id}/members/{user_id}",
        r#"{"role":"admin"}"#,
    ),
    ("DELETE", "/v1/chatrooms/{id}/members/{user_id}", ""),
    ("PUT", "/v1/chatrooms/{id}/read", r#"{"seq":1}"#),
    ("GET", "/v1/chatrooms/{id}/events", ""),
    ("GET", "/v1/chatrooms/{id}/messages", ""),
    (
        "POST",
        "/v1/chatrooms/{id}/messages",
        r#"{"content":"let me in"}"#,
    ),
    ("GET", "/v1/messages/{id}", ""),
    ("GET", "/v1/uploads/{id}", ""),
    ("DELETE", "/v1/uploads/{id}", ""),
    (
        "POST",
        "/v1/uploads/{id}/parts/sign",
        r#"{"parts":[{"number":1}]}"#,
    ),
    ("POST", "/v1/uploads/{id}/parts/{n}/done", ""),
    ("POST", "/v1/uploads/{id}/complete", ""),
    ("GET", "/v1/s3/multipart/{id}", ""),
    ("DELETE", "/v1/s3/multipart/{id}", ""),
    ("GET", "/v1/s3/multipart/{id}/{n}", ""),
    ("POST", "/v1/s3/multipart/{id}/complete", ""),
    ("GET", "/v1/uploads/batches/{id}", ""),
    ("DELETE", "/v1/uploads/batches/{id}", ""),
    ("GET", "/v1/files/{id}", ""),
    ("GET", "/v1/files/{id}/download", ""),
    ("GET", "/v1/files/{id}/preview/{size}", ""),
    ("PATCH", "/v1/files/{id}", r#"{"description":"mine now"}"#),
    ("DELETE", "/v1/files/{id}", ""),
    ("POST", "/v1/files/{id}/restore", ""),
    ("POST", "/v1/files/{id}/release", ""),
    ("GET", "/v1/files/{id}/versions", ""),
    ("POST", "/v1/files/{id}/versions/{version}/restore", ""),
    ("GET", "/v1/files/{id}/links", ""),
    ("POST", "/v1/files/{id}/links", "{}"),
    ("DELETE", "/v1/files/{id}/links/{link_id}", ""),
    ("PUT", "/v1/files/{id}/rooms/{room_id}", ""),
    ("DELETE", "/v1/files/{id}/rooms/{room_id}", ""),
    ("PUT", "/v1/files/{id}/threads/{thread_id}", ""),
    ("DELETE", "/v1/files/{id}/threads/{thread_id}", ""),
    ("PUT", "/v1/files/{id}/pin", ""),
    ("DELETE", "/v1/files/{id}/pin", ""),
    ("DELETE", "/v1/me/sessions/{id}", ""),
];

/// Calls that name something of somebody's in their query or body.
const ASKING: &[(&str, &str, &str)] = &[
    ("GET", "/v1/files?room_id={room_id}", ""),
    ("GET", "/v1/files?thread_id={thread_id}", ""),
    ("GET", "/v1/files?state=pinned&room_id={room_id}", ""),
    ("GET", "/v1/uploads?room_id={room_id}", ""),
    (
        "POST",
        "/v1/uploads",
        r#"{"room_id":"{room_id}","name":"a","size":1,"checksum":"none"}"#,
    ),
    (
        "POST",
        "/v1/s3/multipart",
        r#"{"filename":"a","metadata":{"roomId":"{room_id}","size":1}}"#,
    ),
];

/// Routes that name nothing in their path, or need no token: each has tests of its own.
const OTHERS: &[&str] = &[
    "GET /.well-known/jwks.json",
    "GET /d/{token}",
    "GET /health/live",
    "GET /health/ready",
    "GET /v1/chatrooms",
    "GET /v1/company/storage",
    "GET /v1/files",
    "GET /v1/me",
    "GET /v1/me/sessions",
    "GET /v1/openapi.json",
    "GET /v1/sync",
    "GET /v1/uploads",
    "POST /v1/auth/login",
    "POST /v1/auth/logout",
    "POST /v1/auth/refresh",
    "POST /v1/auth/register",
    "POST /v1/chatrooms",
    "POST /v1/realtime/tickets",
    "POST /v1/s3/multipart",
    "POST /v1/uploads",
    "POST /v1/uploads/batch",
];

#[test]
fn every_route_has_a_row() {
    let named = NAMING
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"));
    let rows: BTreeSet<String> = named
        .chain(OTHERS.iter().map(|it| (*it).to_owned()))
        .collect();
    assert_eq!(rows, documented(), "left: the table, right: the document");
}

/// Or their 404 would be everybody's, and say nothing about strangers.
#[tokio::test]
async fn every_row_names_something_that_is_there() {
    let owner = Person::register(Stack::get().await).await;
    let things = things(&owner, "private").await;
    let answers = try_all(&owner, &owner, &things).await;
    let lost: Vec<_> = answers
        .into_iter()
        .filter(|(_, answer)| answer.status == 404 && answer.code() == "not_found")
        .map(|(asked, _)| asked)
        .collect();
    assert_eq!(lost, [""; 0], "404 for their owner");
}

/// A public room is open to the whole company: there, nothing but the company keeps strangers out.
#[tokio::test]
async fn r_a8_a_stranger_gets_404_on_every_route() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let stranger = Person::register(stack).await;
    let mut answers = Vec::new();
    for kind in ["private", "public"] {
        let things = things(&owner, kind).await;
        let tried = try_all(&stranger, &owner, &things).await;
        answers.extend(
            tried
                .into_iter()
                .map(|(asked, answer)| (format!("{kind}: {asked}"), answer)),
        );
    }
    none_but(answers, (404, "not_found"));
}

/// A batch is answered file by file.
#[tokio::test]
async fn r_a8_a_stranger_begins_nothing_by_a_batch() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let stranger = Person::register(stack).await;
    for kind in ["private", "public"] {
        let room = things(&owner, kind).await.room;
        let file = json!({"room_id": room, "name": "a", "size": 1, "checksum": "none"});
        let begun = stranger.post("/v1/uploads/batch", json!({"uploads": [file]}));
        let code = &begun.await.ok()["results"][0]["problem"]["code"];
        assert_eq!(code, "not_found", "{kind}");
    }
}

#[tokio::test]
async fn r_c3_a_colleague_outside_a_private_room_gets_404_on_every_route() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let things = things(&owner, "private").await;
    let colleague = stack.person_in(&owner).await;
    let answers = try_all(&colleague, &owner, &things).await;
    none_but(answers, (404, "not_found"));
}

#[tokio::test]
async fn r_a11_who_is_suspended_is_told_to_sign_in_on_every_route() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let things = things(&owner, "private").await;
    let member = stack.person_in(&owner).await;
    let begun = member.get("/v1/sync").await.ok();
    let cursor = begun["cursor"].as_str().expect("a cursor");
    stack.set_status(member.id, "suspended").await;
    let mut answers = Vec::new();
    for path in [
        "/v1/chatrooms",
        "/v1/company/storage",
        "/v1/uploads",
        "/v1/files",
        "/v1/files?state=deleted",
        "/v1/sync",
        &format!("/v1/sync?cursor={cursor}"),
    ] {
        answers.push((format!("GET {path}"), member.get(path).await));
    }
    answers.extend(try_all(&member, &owner, &things).await);
    none_but(answers, (401, "token_invalid"));
}

#[tokio::test]
async fn r_a2_without_a_token_every_route_answers_401() {
    let stack = Stack::get().await;
    let nobody = support::Rest::anonymous(stack);
    let id = uuid::Uuid::nil().to_string();
    let mut answers = Vec::new();
    for (method, path, _) in NAMING {
        let concrete = path
            .replace("{id}", &id)
            .replace("{user_id}", &id)
            .replace("{n}", "1")
            .replace("{size}", "128")
            .replace("{version}", "1")
            .replace("{link_id}", &id)
            .replace("{room_id}", &id)
            .replace("{thread_id}", &id);
        let call = nobody.call(method.parse().expect("a method"), &concrete);
        answers.push((format!("{method} {path}"), call.await));
    }
    none_but(answers, (401, "unauthenticated"));
}

/// Every route that answers otherwise is named, not only the first.
#[track_caller]
fn none_but(answers: Vec<(String, Answer)>, (status, code): (u16, &str)) {
    let open: Vec<String> = answers
        .into_iter()
        .filter(|(_, answer)| answer.status != status || answer.code() != code)
        .map(|(asked, answer)| format!("{asked}: {} {}", answer.status, answer.body["code"]))
        .collect();
    assert!(open.is_empty(), "not {status} {code}:\n{}", open.join("\n"));
}

/// Every naming route, tried by `who` with the ids of `owner`'s things.
async fn try_all(who: &Person, owner: &Person, things: &Things) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (method, path, body) in ASKING.iter().chain(NAMING) {
        let thing = match path.split('/').nth(2) {
            Some("chatrooms") => &things.room,
            Some("messages") => &things.message,
            Some("uploads") if path.contains("/batches/") => &things.batch,
            Some("uploads" | "s3") => &things.upload,
            Some("files") => &things.file,
            _ => &owner.session.to_string(),
        };
        let path = path
            .replace("{id}", thing)
            .replace("{user_id}", &owner.id.to_string())
            .replace("{n}", "1")
            .replace("{size}", "128")
            .replace("{version}", "1")
            .replace("{link_id}", &things.link)
            .replace("{room_id}", &things.room)
            .replace("{thread_id}", &things.thread);
        let mut call = who.call(method.parse().expect("a method"), &path);
        if !body.is_empty() {
            let body = body
                .replace("{me}", &who.id.to_string())
                .replace("{room_id}", &things.room);
            call = call.json(&serde_json::from_str::<Value>(&body).expect("JSON"));
        }
        answers.push((format!("{method} {path}"), call.await));
    }
    answers
}
