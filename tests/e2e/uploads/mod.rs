//! Uploads end to end: as a client sends them, through real presigned URLs.

mod adopting;
mod attachments;
mod batches;
mod cost;
mod downloads;
mod events;
mod faults;
mod finishing;
mod follow_up;
mod hostile;
mod integrity;
mod limits;
mod names;
mod preview_calls;
mod previews;
mod quota;
mod races;
mod refusals;
mod scans;
mod slow;
mod threads;
mod upkeep;

use bytes::Bytes;
use serde_json::{Value, json};
use support::launch::Running;
use support::sender::{Sender, bytes, room, upload};
use support::{Person, Stack};

const MIB: usize = 1 << 20;

/// Somebody with a company and a room of their own.
struct Desk {
    stack: Stack,
    person: Person,
    room: String,
    /// The stack's process, when it is the test's own.
    _own: Option<Running>,
}

async fn desk() -> Desk {
    desk_on(Stack::get().await.clone(), None).await
}

async fn desk_on(stack: Stack, own: Option<Running>) -> Desk {
    let person = Person::register(&stack).await;
    let room = room(&person, "자료실").await;
    Desk {
        stack,
        person,
        room,
        _own: own,
    }
}

impl Desk {
    async fn storage(&self) -> (u64, u64) {
        let storage = self.person.get("/v1/company/storage").await.ok();
        let number = |name: &str| storage[name].as_u64().expect("a number");
        (number("used_bytes"), number("reserved_bytes"))
    }
}

/// A file without what goes on in the background: its preview may come between two looks.
fn lasting(file: &Value) -> Value {
    let mut file = file.clone();
    file.as_object_mut()
        .expect("a file is an object")
        .remove("preview");
    file
}

/// What a download gives, byte for byte.
async fn fetch(url: &Value) -> Bytes {
    let answer = client()
        .get(url.as_str().expect("a URL"))
        .send()
        .await
        .expect("S3 answers");
    assert!(answer.status().is_success(), "{answer:?}");
    answer.bytes().await.expect("a body")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without special wishes can be built")
}

#[tokio::test]
async fn r_u1_a_file_goes_in_by_parts_and_comes_out_whole() {
    let desk = desk().await;
    let content = bytes(40 * MIB + 123, 1);
    let sender = Sender::begin(&desk.person, &desk.room, "회의 녹화.mp4", content.clone()).await;
    assert_eq!((sender.part_size, sender.part_count), (16 * MIB, 3));
    assert_eq!(desk.storage().await, (0, content.len() as u64));
    sender.send_all(&desk.person).await;
    let file = sender.complete(&desk.person).await.ok();
    assert_eq!(file["name"], "회의 녹화.mp4");
    assert_eq!(file["size"], content.len());
    assert_eq!(
        (&file["status"], &file["room_id"]),
        (&json!("available"), &json!(desk.room))
    );
    assert_eq!(desk.storage().await, (content.len() as u64, 0));
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    let download = desk.person.get(&path).await.ok();
    assert_eq!(fetch(&download["url"]).await, content);
    let listed = desk
        .person
        .get(&format!("/v1/files?room_id={}", desk.room))
        .await
        .ok();
    assert_eq!(lasting(&listed["items"][0]), lasting(&file));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let mine = desk.person.get("/v1/uploads?state=completed").await.ok();
    assert_eq!(mine["items"][0]["file_id"], file["id"]);
}

#[tokio::test]
async fn r_u1_an_empty_file_is_one_empty_part() {
    let desk = desk().await;
    for checksum in ["sha256", "none"] {
        let sender = Sender::begin_as(
            &desk.person,
            &desk.room,
            "비어 있음",
            Bytes::new(),
            checksum,
        )
        .await;
        assert_eq!(sender.part_count, 1);
        sender.send_all(&desk.person).await;
        let file = sender.complete(&desk.person).await.ok();
        assert_eq!(file["size"], 0);
    }
}

#[tokio::test]
async fn r_u1_a_client_without_checksums_uploads_too() {
    let desk = desk().await;
    let content = bytes(17 * MIB, 2);
    let body = support::sender::start(&desk.room, "plain.bin", content.len() as u64, "none");
    let started = desk.person.post("/v1/uploads", body).await.ok();
    // Its first parts come signed with the answer.
    let sender = Sender::resume(&started["upload"], content.clone());
    for (number, signed) in (1..).zip(started["parts"].as_array().expect("a list")) {
        assert_eq!(signed["headers"], json!({}));
        let (status, said) = sender.put(signed, sender.part(number)).await;
        assert!(status.is_success(), "{said}");
    }
    let file = sender.complete(&desk.person).await.ok();
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    let download = desk.person.get(&path).await.ok();
    assert_eq!(fetch(&download["url"]).await, content);
}

#[tokio::test]
async fn r_u2_another_device_goes_on_after_a_cut() {
    let desk = desk().await;
    let content = bytes(50 * MIB, 3);
    let sender = Sender::begin(&desk.person, &desk.room, "긴 영상.mov", content.clone()).await;
    sender.send(&desk.person, &[1, 3]).await;
    drop(sender);

    let other = Person::login(&desk.stack, &desk.person.email).await;
    let open = other.get("/v1/uploads?state=in_progress").await.ok();
    let id = open["items"][0]["id"].as_str().expect("an id").to_owned();
    let found = other.get(&format!("/v1/uploads/{id}")).await.ok();
    assert_eq!(
        found["missing"],
        json!([{"from": 2, "to": 2}, {"from": 4, "to": 4}])
    );
    assert_eq!(found["parts"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["progress"]["bytes"], 32 * MIB);
    let sender = Sender::resume(&found, content.clone());
    let early = sender.complete(&other).await;
    assert_eq!(early.refusal(), (409, "upload_incomplete"));
    assert_eq!(early.body["missing"], found["missing"]);
    sender.send(&other, &[2, 4]).await;
    let file = sender.complete(&other).await.ok();
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    assert_eq!(fetch(&other.get(&path).await.ok()["url"]).await, content);
}

#[tokio::test]
async fn r_u2_activity_keeps_a_session_alive_and_its_end_frees_everything() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(MIB, 4)).await;
    let begun = sender.see(&desk.person).await;
    drop(sender.sign(&desk.person, &[1]).await.ok());
    let touched = sender.see(&desk.person).await;
    assert!(touched["expires_at"].as_str() > begun["expires_at"].as_str());

    desk.age(&sender.id, "25 hours").await;
    desk.reap("minute").await;
    assert_eq!(sender.see(&desk.person).await["state"], "expired");
    assert_eq!(desk.storage().await, (0, 0));
    let late = sender.sign(&desk.person, &[1]).await;
    assert_eq!(late.refusal(), (409, "upload_state"));
    assert_eq!(late.body["state"], "expired");
    assert_eq!(
        sender.complete(&desk.person).await.refusal(),
        (409, "upload_state")
    );
}

#[tokio::test]
async fn r_u6_equal_content_is_stored_once_in_a_company() {
    let desk = desk().await;
    let content = bytes(17 * MIB, 5);
    let first = upload(&desk.person, &desk.room, "a.bin", content.clone()).await;
    let second = upload(&desk.person, &desk.room, "b.bin", content.clone()).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(desk.storage().await, (content.len() as u64, 0));
    let path = format!(
        "/v1/files/{}/download",
        second["id"].as_str().expect("an id")
    );
    assert_eq!(
        fetch(&desk.person.get(&path).await.ok()["url"]).await,
        content
    );
}
