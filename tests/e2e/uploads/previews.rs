//! R-F3: what people see of a file before they fetch it.

use bytes::Bytes;
use serde_json::{Value, json};
use support::craft::fixture;
use support::sender::{Sender, let_in, upload};
use support::{Person, Socket};

use super::{Desk, client, desk, fetch};

impl Desk {
    /// The key of a file's content.
    pub(super) async fn key(&self, file: &Value) -> String {
        let id = file["id"].as_str().expect("an id");
        let sql = format!(
            "select b.key from files f join blobs b on b.id = f.blob_id where f.id = '{id}'"
        );
        self.sql(&sql).await[0].get(0)
    }

    /// The file once its preview is made: asked for again, which changes nothing.
    pub(super) async fn previewed(&self, file: &Value) -> Value {
        let key = self.key(file).await;
        self.stack.invoke("previews", json!({ "key": key })).await;
        let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
        self.person.get(&path).await.ok()
    }

    /// Everything of `kind` that the room's log says of a file.
    pub(super) async fn told(&self, kind: &str, file: &Value) -> Vec<Value> {
        let path = format!("/v1/chatrooms/{}/events?after=0", self.room);
        let events = self.person.get(&path).await.ok();
        let all = events["events"].as_array().or(events["items"].as_array());
        let all = all.unwrap_or_else(|| panic!("{events}")).iter();
        all.filter(|event| event["type"] == kind && event["data"]["file_id"] == file["id"])
            .cloned()
            .collect()
    }
}

fn path(file: &Value, rest: &str) -> String {
    format!("/v1/files/{}/{rest}", file["id"].as_str().expect("an id"))
}

fn has(bytes: &Bytes, text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|found| found == text)
}

#[tokio::test]
async fn r_f3_a_photo_is_seen_before_it_is_fetched() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let photo = fixture("turned.jpg");
    assert!(has(&photo, b"Maru Camera"));
    let file = upload(&desk.person, &desk.room, "사진.jpg", photo.clone()).await;
    let seen = match &file["preview"]["state"] {
        state if state == "pending" => {
            let id = file["id"].clone();
            let told = socket
                .event(|event| event["type"] == "file.preview" && event["data"]["file_id"] == id)
                .await;
            assert!(told["seq"].is_u64());
            told["data"]["preview"].clone()
        }
        _ => file["preview"].clone(),
    };
    let shown = desk
        .person
        .get(&path(&file, "")[..path(&file, "").len() - 1])
        .await
        .ok();
    assert_eq!(shown["preview"], seen);
    assert_eq!(
        (&seen["state"], &seen["kind"]),
        (&json!("ready"), &json!("image"))
    );
    assert_eq!(seen["details"], json!({"width": 300, "height": 400}));
    for rendition in seen["renditions"].as_array().expect("a list") {
        let size = rendition["size"].as_str().expect("a size");
        let found = desk
            .person
            .get(&path(&file, &format!("preview/{size}")))
            .await
            .ok();
        let picture = fetch(&found["url"]).await;
        assert_eq!(json!(picture.len()), rendition["bytes"]);
        assert!(picture.starts_with(b"\xff\xd8\xff"));
        assert!(!has(&picture, b"Exif") && !has(&picture, b"Maru Camera"));
    }
    // The same content again: the same preview, without a word.
    let second = upload(&desk.person, &desk.room, "같은 사진.jpg", photo).await;
    assert_eq!(second["preview"], seen);
    desk.previewed(&second).await;
    assert_eq!(desk.told("file.preview", &second).await, [] as [Value; 0]);
}

#[tokio::test]
async fn r_f3_a_preview_has_the_access_of_its_file_and_a_safe_type() {
    let desk = desk().await;
    let page = Bytes::from_static(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>");
    let file = upload(&desk.person, &desk.room, "그림.svg", page.clone()).await;
    let file = desk.previewed(&file).await;
    assert_eq!(file["preview"]["kind"], "text");
    let reader = desk.stack.person_in(&desk.person).await;
    let text = path(&file, "preview/text");
    assert_eq!(reader.get(&text).await.refusal(), (404, "not_found"));
    assert_eq!(
        Person::register(&desk.stack)
            .await
            .get(&text)
            .await
            .refusal(),
        (404, "not_found")
    );
    let_in(&desk.person, &desk.room, &reader, "read_only").await;
    let url = reader.get(&text).await.ok()["url"].clone();
    let answer = client()
        .get(url.as_str().expect("a URL"))
        .send()
        .await
        .expect("S3 answers");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/plain; charset=utf-8");
    assert!(header("content-disposition").starts_with("inline; filename="));
    assert_eq!(answer.bytes().await.expect("a body"), page);
    // The original is never shown in place.
    let original = reader.get(&path(&file, "download?inline=true")).await.ok();
    let answer = client()
        .get(original["url"].as_str().expect("a URL"))
        .send()
        .await;
    let disposition = answer.expect("S3 answers").headers()["content-disposition"].clone();
    assert!(
        disposition
            .to_str()
            .expect("text")
            .starts_with("attachment")
    );

    let away = reader.get(&path(&file, "preview/128")).await;
    assert_eq!(away.refusal(), (404, "preview_unavailable"));
    assert_eq!(
        reader.get(&path(&file, "preview/129")).await.refusal(),
        (422, "invalid")
    );
}

#[tokio::test]
async fn r_f3_sound_films_and_documents() {
    let desk = desk().await;
    for (name, kind, renditions) in [
        ("film.mp4", "video", 0),
        ("film.webm", "video", 0),
        ("tone.mp3", "audio", 0),
        ("page.pdf", "document", 3),
        ("photo.webp", "image", 3),
        ("korean.txt", "text", 1),
    ] {
        let sender = Sender::begin_as(&desk.person, &desk.room, name, fixture(name), "none").await;
        sender.send_all(&desk.person).await;
        let file = sender.complete(&desk.person).await.ok();
        let preview = desk.previewed(&file).await["preview"].clone();
        assert_eq!(
            (&preview["state"], &preview["kind"]),
            (&json!("ready"), &json!(kind)),
            "{name}"
        );
        assert_eq!(
            preview["renditions"].as_array().map(Vec::len),
            Some(renditions),
            "{name}"
        );
    }
}
