//! An uploading client for tests: plans, signs, puts parts, completes; each step by itself.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use files::Files;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stack::credentials;
use crate::{Answer, Person, Stack};

/// A file on its way, as the device that sends it knows it.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The upload's id.
    pub id: String,
    /// The whole file.
    pub content: Bytes,
    /// Bytes of every part but the last.
    pub part_size: usize,
    /// How many parts.
    pub part_count: u32,
    /// Whether the parts are bound to checksums.
    pub sha256: bool,
    s3: reqwest::Client,
}

/// `size` bytes that differ by `seed` and do not repeat soon.
#[must_use]
pub fn bytes(size: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut made = Vec::with_capacity(size + 8);
    while made.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        made.extend_from_slice(&state.to_le_bytes());
    }
    made.truncate(size);
    made.into()
}

impl Sender {
    /// Begins to send `content` under `name` into `room`.
    pub async fn begin(person: &Person, room: &str, name: &str, content: Bytes) -> Self {
        Self::begin_as(person, room, name, content, "sha256").await
    }

    /// The same with the kind of checksum.
    pub async fn begin_as(
        person: &Person,
        room: &str,
        name: &str,
        content: Bytes,
        checksum: &str,
    ) -> Self {
        let started = person
            .post(
                "/v1/uploads",
                start(room, name, content.len() as u64, checksum),
            )
            .await
            .ok();
        Self::resume(&started["upload"], content)
    }

    /// Takes up an upload from how the API shows it, as any device of its uploader can.
    #[must_use]
    pub fn resume(upload: &Value, content: Bytes) -> Self {
        let number = |name: &str| upload[name].as_u64().expect("a number");
        Self {
            id: upload["id"].as_str().expect("an id").to_owned(),
            content,
            part_size: usize::try_from(number("part_size")).expect("a size"),
            part_count: u32::try_from(number("part_count")).expect("a count"),
            sha256: upload["checksum"] == "sha256",
            s3: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client without special wishes can be built"),
        }
    }

    /// The bytes of a part.
    #[must_use]
    pub fn part(&self, number: u32) -> Bytes {
        let from = (number as usize - 1) * self.part_size;
        self.content
            .slice(from..self.content.len().min(from + self.part_size))
    }

    /// Its SHA-256 in base64.
    #[must_use]
    pub fn checksum(&self, number: u32) -> String {
        STANDARD.encode(Sha256::digest(self.part(number)))
    }

    /// Asks for leave to send parts.
    pub async fn sign(&self, person: &Person, numbers: &[u32]) -> Answer {
        let parts: Vec<Value> = numbers
            .iter()
            .map(|number| match self.sha256 {
                true => json!({"number": number, "checksum": self.checksum(*number)}),
                false => json!({"number": number}),
            })
            .collect();
        let path = format!("/v1/uploads/{}/parts/sign", self.id);
        person.post(&path, json!({ "parts": parts })).await
    }

    /// Puts bytes where a signed part says; answers the status and what S3 said.
    pub async fn put(&self, signed: &Value, body: Bytes) -> (StatusCode, String) {
        let mut request = self.s3.put(signed["url"].as_str().expect("a URL"));
        for (name, value) in signed["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().expect("a header"));
        }
        // The client leaves it out for an empty body, and it is signed.
        request = request.header("content-length", body.len());
        let answer = request.body(body).send().await.expect("S3 answers");
        (answer.status(), answer.text().await.unwrap_or_default())
    }

    /// Signs and puts parts, one after another; all must be taken.
    pub async fn send(&self, person: &Person, numbers: &[u32]) {
        let signed = self.sign(person, numbers).await.ok();
        for (number, signed) in numbers.iter().zip(signed.as_array().expect("a list")) {
            let (status, said) = self.put(signed, self.part(*number)).await;
            assert_eq!(status, StatusCode::OK, "part {number}: {said}");
        }
    }

    /// Sends every part.
    pub async fn send_all(&self, person: &Person) {
        let all: Vec<u32> = (1..=self.part_count).collect();
        self.send(person, &all).await;
    }

    /// Completes.
    pub async fn complete(&self, person: &Person) -> Answer {
        let path = format!("/v1/uploads/{}/complete", self.id);
        person.post(&path, json!({})).await
    }

    /// How the API shows it.
    pub async fn see(&self, person: &Person) -> Value {
        person.get(&format!("/v1/uploads/{}", self.id)).await.ok()
    }
}

/// The body that begins an upload.
#[must_use]
pub fn start(room: &str, name: &str, size: u64, checksum: &str) -> Value {
    json!({
        "room_id": room,
        "name": name,
        "size": size,
        "content_type": "application/octet-stream",
        "checksum": checksum,
    })
}

/// Sends a whole file and answers it as the API shows it.
pub async fn upload(person: &Person, room: &str, name: &str, content: Bytes) -> Value {
    let sender = Sender::begin(person, room, name, content).await;
    sender.send_all(person).await;
    sender.complete(person).await.ok()
}

/// The stack's bucket, as a function sees it.
#[must_use]
pub fn bucket(stack: &Stack) -> Files {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .endpoint_url(&stack.s3)
        .build();
    Files::new(&config, &stack.bucket).expect("the stack knows its own address")
}

/// A private room that `person` makes for the test.
pub async fn room(person: &Person, name: &str) -> String {
    let room = person
        .post("/v1/chatrooms", json!({"name": name, "type": "private"}))
        .await
        .ok();
    room["id"].as_str().expect("an id").to_owned()
}

/// Lets somebody into a room.
pub async fn let_in(owner: &Person, room: &str, other: &Person, access: &str) {
    let path = format!("/v1/chatrooms/{room}/members");
    let body = json!({"members": [{"user_id": other.id, "access": access}]});
    drop(owner.post(&path, body).await.ok());
}
