//! R-O5: what functions write about themselves, and what they never write.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use support::launch::Launch;
use support::person::PASSWORD;
use support::rest::fresh_id;
use support::sender::{Sender, bytes, upload};
use support::{Person, Rest, Socket, Stack};

use super::{room, text};

const WRONG: &str = "Wrong-Secret-2026";

/// Functions whose calls are measured one by one.
const MEASURED: [&str; 8] = [
    "auth",
    "files",
    "messages",
    "realtime",
    "rooms",
    "status",
    "uploads",
    "ws-message",
];

/// Things said and given out that no log may hold.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &Value) {
        self.0.push((what, text(secret)));
    }
}

/// Everything written so far, by the name of the log.
fn logs(data: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(data.join("logs")).expect("a folder");
    files
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let text = std::fs::read(&path).expect("a readable file");
            (
                name.into_owned(),
                String::from_utf8_lossy(&text).into_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn r_o5_every_line_is_json_that_says_whose_call_it_was_and_no_secret() {
    let running = Launch::temporary().arg("--faults").start();
    let running = running.expect("the stack starts");
    let stack = &running.stack;
    let mut secrets = Secrets(vec![
        ("a password", PASSWORD.to_owned()),
        ("a wrong password", WRONG.to_owned()),
        ("a presigned URL", "X-Amz-Signature".to_owned()),
    ]);
    let owner = sign_in_and_out(stack, &mut secrets).await;
    let room = room(&owner).await;
    talk(stack, &owner, &room, &mut secrets).await;
    send_a_file(&owner, &room, &mut secrets).await;
    fail(stack, &owner, &room, &mut secrets).await;
    let rest = Rest::anonymous(stack);
    assert_eq!(rest.get("/health/live").await.status, 200);
    for (function, order) in [("reap", json!({ "job": "minute" })), ("migrate", json!({}))] {
        stack.invoke(function, order).await;
    }

    let logs = logs(&stack.data);
    for (what, secret) in &secrets.0 {
        for (name, text) in &logs {
            let line = text.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "{what} in {name}: {line:?}");
        }
    }
    let functions = stack.controls().get("/counters").await.ok();
    for name in functions["functions"].as_object().expect("names").keys() {
        let lines = lines_of(name, &logs[name]);
        let measured = lines.iter().filter(|it| it.get("_aws").is_some());
        let measured: Vec<&Value> = measured.collect();
        for line in &measured {
            whole_metrics(line);
        }
        let expected = MEASURED.contains(&name.as_str());
        assert_eq!(!measured.is_empty(), expected, "metrics of {name}");
        assert!(
            !expected || name == "status" || knows(&measured, &owner),
            "{name} does not say who called"
        );
    }
    assert!(logs["rooms"].contains("\"code\":\"unavailable\""), "faults");
}

/// Every line of a log as JSON, checked for what each must say.
fn lines_of(function: &str, text: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| {
        let value: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{function} wrote {line:?}: {error}"));
        assert_eq!(value["function"], function, "{line}");
        assert!(value["level"].is_string(), "{line}");
        // What a connection's own task sees belongs to no call.
        if value["target"] != "store::db" {
            let id = value["request_id"].as_str().unwrap_or_default();
            assert!(!id.is_empty(), "{function} wrote {line}");
        }
        value
    });
    lines.collect()
}

/// A line in CloudWatch's embedded metric format: what it declares is there.
fn whole_metrics(line: &Value) {
    let about = &line["_aws"]["CloudWatchMetrics"][0];
    assert!(line["_aws"]["Timestamp"].is_i64(), "{line}");
    assert_eq!(about["Namespace"], "Maru");
    for metric in about["Metrics"].as_array().expect("metrics") {
        let name = metric["Name"].as_str().expect("a name");
        assert!(line[name].is_number(), "{name} in {line}");
    }
    for dimension in about["Dimensions"].as_array().into_iter().flatten() {
        for name in dimension.as_array().into_iter().flatten() {
            assert!(
                line[name.as_str().expect("a name")].is_string(),
                "{name} in {line}"
            );
        }
    }
}

fn knows(lines: &[&Value], person: &Person) -> bool {
    let (user, company) = (json!(person.id), json!(person.company));
    lines
        .iter()
        .any(|line| line["user"] == user && line["company"] == company)
}

async fn sign_in_and_out(stack: &Stack, secrets: &mut Secrets) -> Person {
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let login = |password: &str| {
        let body = json!({ "email": owner.email, "password": password });
        rest.post("/v1/auth/login", body)
    };
    assert_eq!(login(WRONG).await.status, 401);
    let tokens = login(PASSWORD).await.ok();
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    let next = rest.post("/v1/auth/refresh", body.clone()).await.ok();
    let reused = rest.post("/v1/auth/refresh", body).await;
    assert_eq!(reused.status, 401);
    let other = Person::login(stack, &owner.email).await;
    assert_eq!(other.post("/v1/auth/logout", json!({})).await.status, 204);
    let broken = rest.with_token(&format!("{}x", owner.access_token));
    assert_eq!(broken.get("/v1/me").await.status, 401);
    for tokens in [&tokens, &next] {
        secrets.add("an access token", &tokens["access_token"]);
        secrets.add("a refresh token", &tokens["refresh_token"]);
    }
    for person in [&owner, &other] {
        secrets.add("an access token", &json!(person.access_token));
        secrets.add("a refresh token", &json!(person.refresh_token));
    }
    owner
}

async fn talk(stack: &Stack, owner: &Person, room: &str, secrets: &mut Secrets) {
    let said = format!("비밀 이야기 {}", fresh_id());
    secrets.add("what was said", &json!(said));
    let path = format!("/v1/chatrooms/{room}/messages");
    let ticket = owner.post("/v1/realtime/tickets", json!({})).await.ok();
    secrets.add("a ticket", &ticket["ticket"]);
    let request = support::socket::request(stack, &text(&ticket["ticket"]));
    let mut socket = Socket::with(request).await.expect("it opens");
    assert_eq!(socket.send("hello", json!({})).await["ok"], true);
    drop(owner.post(&path, json!({ "content": said })).await.ok());
    let heard = socket.event(|event| event["data"]["content"] == said.as_str());
    heard.await;
    let data = json!({ "room_id": room, "content": said });
    assert_eq!(socket.send("message.send", data).await["ok"], true);
    // The same words where they do not belong.
    let wrong = json!({ "content": said, "reply_to": said, "more": said });
    assert_eq!(owner.post(&path, wrong).await.status, 422);
    let broken = owner.call(http::Method::POST, &path);
    let broken = broken.raw("application/json", format!("{{\"content\": {said}"));
    assert_eq!(broken.await.status, 400);
    socket.raw(format!("{said} is no request")).await;
    assert_eq!(socket.answer(None).await["ok"], false);
    let data = json!({ "room_id": said, "content": said });
    assert_eq!(socket.send("message.send", data).await["ok"], false);
    socket.close().await;
}

async fn send_a_file(owner: &Person, room: &str, secrets: &mut Secrets) {
    let file = upload(owner, room, "secret.bin", bytes(5_000, 1)).await;
    let path = format!("/v1/files/{}/download", text(&file["id"]));
    let download = owner.get(&path).await.ok();
    let sender = Sender::begin(owner, room, "half.bin", bytes(5_000, 2)).await;
    let signed = sender.sign(owner, &[1]).await.ok();
    for url in [&download["url"], &signed[0]["url"]] {
        let signature = text(url);
        let (_, signature) = signature.split_once("X-Amz-Signature=").expect("signed");
        let signature = signature.split('&').next().unwrap_or_default();
        secrets.add("a signature", &json!(signature));
    }
    let early = sender.complete(owner).await;
    assert_eq!(early.refusal(), (409, "upload_incomplete"));
}

/// Whatever can be away is away for a while.
async fn fail(stack: &Stack, owner: &Person, room: &str, secrets: &mut Secrets) {
    let said = format!("ins Leere gesagt {}", fresh_id());
    secrets.add("what was said", &json!(said));
    let path = format!("/v1/chatrooms/{room}/messages");
    let say = || owner.post(&path, json!({ "content": said }));
    for target in ["redis", "dynamodb", "management"] {
        stack
            .fault(json!({ "target": target, "effect": "absent" }))
            .await;
        let answer = say().await;
        assert!(answer.status == 201, "without {target}: {answer:#?}");
        stack.mend().await;
    }
    stack
        .fault(json!({ "target": "s3", "effect": { "status": 500 } }))
        .await;
    let file = support::sender::start(room, "never.bin", 5, "none");
    assert_eq!(owner.post("/v1/uploads", file).await.status, 503);
    stack.mend().await;
    stack.order("postgres/stop").await;
    assert_eq!(say().await.status, 503);
    assert_eq!(owner.get("/v1/chatrooms").await.status, 503);
    stack.order("postgres/start").await;
}
