//! What strangers try to get at.

use serde_json::{Value, json};
use support::Person;

/// One of everything, belonging to its owner.
pub(super) struct Things {
    pub(super) room: String,
    pub(super) message: String,
    pub(super) upload: String,
    pub(super) batch: String,
    pub(super) file: String,
    pub(super) link: String,
    pub(super) thread: String,
}

/// Makes them in a room of this kind.
pub(super) async fn things(owner: &Person, kind: &str) -> Things {
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let name = format!("{kind} {}", owner.company);
    let room = id(&owner
        .post("/v1/chatrooms", json!({"name": name, "type": kind}))
        .await
        .ok());
    let path = format!("/v1/chatrooms/{room}/messages");
    let message = id(&owner.post(&path, json!({"content": "ours"})).await.ok());
    let start = json!({"room_id": room, "name": "ours.bin", "size": 0, "checksum": "none"});
    let mut threaded = start.clone();
    threaded["then"] = json!({"thread": {}});
    let begun = owner.post("/v1/uploads", threaded).await.ok();
    let url = begun["parts"][0]["url"].as_str().expect("a signed part");
    let put = reqwest::Client::new()
        .put(url)
        .header("content-length", 0)
        .body("")
        .send()
        .await;
    assert!(put.expect("S3 answers").status().is_success());
    let complete = format!("/v1/uploads/{}/complete", id(&begun["upload"]));
    let file = id(&owner.post(&complete, json!({})).await.ok());
    let links = format!("/v1/files/{file}/links");
    let link = id(&owner.post(&links, json!({})).await.ok());
    let seen = owner.get(&format!("/v1/files/{file}")).await.ok();
    let thread = seen["in_threads"][0].as_str().expect("a thread").to_owned();
    let upload = id(&owner.post("/v1/uploads", start.clone()).await.ok()["upload"]);
    let many = owner.post("/v1/uploads/batch", json!({"uploads": [start]}));
    let batch = many.await.ok()["batch_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    Things {
        room,
        message,
        upload,
        batch,
        file,
        link,
        thread,
    }
}
