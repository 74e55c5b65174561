//! R-U2: Uppy, as npm has it, in a real browser: it uploads, is cut off, and sends no finished part again.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::browser::{Browser, Tab};
use support::launch::{Launch, Running};
use support::sender::{bytes, room};
use support::{Person, uppy};
use tokio::net::TcpListener;

/// Bytes of the file: 18 parts.
const SIZE: usize = 300_000_000;
/// How many parts it has.
const PARTS: u32 = 18;
/// How many are sent before the cut.
const CUT: u32 = 8;

const HTML: &str = include_str!("../uppy/index.html");

/// A stack that lets the page's origin in, somebody with a room, a file, a browser.
struct Scene {
    page: SocketAddr,
    running: Running,
    person: Person,
    room: String,
    content: Bytes,
    browser: Browser,
}

#[tokio::test]
async fn r_u2_uppy_goes_on_after_a_reload() {
    let scene = scene("v6", SIZE).await;
    let tab = scene.browser.open(&scene.address(&[("cut", "8")])).await;
    let file = scene.choose(&tab).await;
    tab.until(&state("kept")).await;
    tab.click("#upload").await;
    tab.until(&state("cut")).await;
    assert_eq!(sent(&tab).await, (1..=CUT).collect::<Vec<_>>());
    let upload = scene.upload("in_progress").await;
    assert_eq!(upload["missing"], json!([{"from": CUT + 1, "to": PARTS}]));

    tab.go("about:blank").await;
    tab.go(&scene.address(&[])).await;
    tab.until(&state("restored")).await;
    // Golden Retriever keeps no file this large: it waits until the same one is chosen again.
    drop(scene.choose(&tab).await);
    tab.until(&state("kept")).await;
    tab.click("#upload").await;
    tab.until(&state("done /v1/files/")).await;
    assert_eq!(sent(&tab).await, (CUT + 1..=PARTS).collect::<Vec<_>>());
    assert_eq!(tab.said().await, [""; 0]);
    scene.check(&tab).await;
    std::fs::remove_file(file).expect("the file can be removed");
}

#[tokio::test]
async fn r_u2_an_older_uppy_goes_on_from_another_page() {
    let size = 70 << 20;
    let scene = scene("v5", size).await;
    let tab = scene.browser.open(&scene.address(&[("cut", "1")])).await;
    let file = scene.choose(&tab).await;
    tab.until(&state("kept")).await;
    tab.click("#upload").await;
    tab.until(&state("cut")).await;
    let before = scene.upload("in_progress").await;
    let there: Vec<u32> = numbers(&before["parts"]);
    let id = before["id"].as_str().expect("an id");

    tab.go("about:blank").await;
    tab.go(&scene.address(&[("resume", id)])).await;
    drop(scene.choose(&tab).await);
    tab.until(&state("kept")).await;
    tab.click("#upload").await;
    tab.until(&state("done /v1/files/")).await;
    let mut again = sent(&tab).await;
    again.sort_unstable();
    let left: Vec<u32> = (1..=5).filter(|part| !there.contains(part)).collect();
    assert_eq!(again, left, "{before:#}");
    assert_eq!(tab.said().await, [""; 0]);
    scene.check(&tab).await;
    std::fs::remove_file(file).expect("the file can be removed");
}

#[tokio::test]
async fn r_u7_uppy_must_say_room_and_size_and_may_give_up() {
    let stack = support::Stack::get().await;
    let person = Person::register(stack).await;
    let room = room(&person, "자료실").await;
    let silent = json!({"filename": "a.bin", "type": "video/mp4", "metadata": {"name": "a.bin"}});
    let refused = person.post("/v1/s3/multipart", silent).await;
    assert_eq!(refused.refusal(), (422, "invalid"));
    let fields: Vec<String> = refused.fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(fields, ["metadata.roomId", "metadata.size"]);

    let meta = json!({"roomId": room, "size": 40_000_000, "name": "a.bin", "relativePath": null});
    let whole = json!({"filename": "a.bin", "type": "video/mp4", "metadata": meta});
    let begun = person.post("/v1/s3/multipart", whole).await.ok();
    assert_eq!(
        (&begun["partSize"], &begun["partCount"]),
        (&json!(16 << 20), &json!(3))
    );
    let base = format!(
        "/v1/s3/multipart/{}",
        begun["uploadId"].as_str().expect("an id")
    );
    // Whatever key it names, it is the session that counts.
    let signed = person
        .get(&format!("{base}/3?key=somebody/elses"))
        .await
        .ok();
    assert!(
        signed["url"]
            .as_str()
            .is_some_and(|url| !url.contains("elses"))
    );
    assert_eq!(
        person.get(&format!("{base}/4?key=a")).await.refusal(),
        (422, "invalid")
    );
    assert_eq!(person.get(&format!("{base}?key=a")).await.ok(), json!([]));
    assert_eq!(
        person.delete(&format!("{base}?key=a")).await.ok(),
        json!({})
    );
    assert_eq!(
        person.get(&format!("{base}?key=a")).await.refusal(),
        (409, "upload_state")
    );
}

async fn scene(version: &str, size: usize) -> Scene {
    let bundle = uppy::bundle(version).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let page = listener.local_addr().expect("an address");
    let router = Router::new()
        .route("/", get(async || ([(CONTENT_TYPE, "text/html")], HTML)))
        .route(
            "/bundle.js",
            get(async move || ([(CONTENT_TYPE, "text/javascript")], bundle.clone())),
        );
    tokio::spawn(axum::serve(listener, router).into_future());
    let origin = format!("AllowedOrigins=http://{page}");
    let running = Launch::temporary().arg("--set").arg(&origin).start();
    let running = running.expect("the stack starts");
    let person = Person::register(&running.stack).await;
    Scene {
        page,
        room: room(&person, "자료실").await,
        person,
        running,
        content: bytes(size, 300),
        browser: Browser::start().await,
    }
}

impl Scene {
    /// The page with what it needs, and `more`.
    fn address(&self, more: &[(&str, &str)]) -> String {
        let Self {
            page, room, person, ..
        } = self;
        let api = &self.running.stack.rest;
        let token = &person.access_token;
        let mut address = format!("http://{page}/#api={api}&token={token}&room={room}");
        for (name, value) in more {
            address.push_str(&format!("&{name}={value}"));
        }
        address
    }

    /// Chooses the file in the page, as a person would.
    async fn choose(&self, tab: &Tab) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("{}.mov", self.room));
        if !path.exists() {
            std::fs::write(&path, &self.content).expect("the file can be written");
        }
        tab.write("#file", &path.display().to_string()).await;
        path
    }

    /// The one upload, as the API shows it.
    async fn upload(&self, state: &str) -> Value {
        let path = format!("/v1/uploads?state={state}");
        let all = self.person.get(&path).await.ok();
        let id = all["items"][0]["id"]
            .as_str()
            .expect("one upload")
            .to_owned();
        self.person.get(&format!("/v1/uploads/{id}")).await.ok()
    }

    /// That the file which the page told of is what was sent.
    async fn check(&self, tab: &Tab) {
        let text = tab.run(
            "return document.getElementById('state').textContent",
            json!([]),
        );
        let text = text.await;
        let path = text.as_str().and_then(|it| it.strip_prefix("done "));
        let path = format!("{}/download", path.expect("the file's path"));
        let url = self.person.get(&path).await.ok()["url"].clone();
        let mut answer = reqwest::get(url.as_str().expect("a URL"))
            .await
            .expect("S3 answers");
        let mut hash = Sha256::new();
        while let Some(chunk) = answer.chunk().await.expect("all of it") {
            hash.update(chunk);
        }
        assert_eq!(hash.finalize(), Sha256::digest(&self.content));
    }
}

/// That the page says so of itself.
fn state(text: &str) -> String {
    format!("document.getElementById('state').textContent.startsWith('{text}')")
}

/// The parts that this page has sent, in the order of their arrival.
async fn sent(tab: &Tab) -> Vec<u32> {
    let script =
        "return [...document.querySelectorAll('#parts li')].map((it) => Number(it.textContent))";
    let numbers = tab.run(script, json!([])).await;
    serde_json::from_value(numbers).expect("numbers")
}

fn numbers(parts: &Value) -> Vec<u32> {
    let parts = parts.as_array().into_iter().flatten();
    parts
        .filter_map(|part| part["number"].as_u64()?.try_into().ok())
        .collect()
}
