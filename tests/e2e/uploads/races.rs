//! Ends that come at the same moment: one of them holds, and everything agrees with it.

use serde_json::{Value, json};
use support::sender::{Sender, bucket, bytes};

use super::{Desk, desk};

/// How often each race is run.
const TIMES: u64 = 12;

impl Desk {
    async fn ready(&self, seed: u64) -> Sender {
        let name = format!("{seed}.bin");
        let sender = Sender::begin(&self.person, &self.room, &name, bytes(1_000, seed)).await;
        sender.send_all(&self.person).await;
        sender
    }

    /// Whether S3 has anything of an upload: an object, or parts.
    async fn leaves(&self, upload: &str) -> (bool, bool) {
        let sql = format!("select key from uploads where id = '{upload}'");
        let key: String = self.sql(&sql).await[0].get(0);
        let files = bucket(&self.stack);
        let object = files.head(&key).await.expect("S3 answers").is_some();
        let parts = files.unfinished(&key, None).await.expect("S3 answers");
        (object, !parts.found.is_empty())
    }

    /// Checks each end against what is left of it; answers how many became files.
    async fn settled(&self, senders: &[Sender], otherwise: &str) -> u64 {
        let mut files = 0;
        for sender in senders {
            let now = sender.see(&self.person).await;
            match now["state"].as_str() {
                Some("completed") => {
                    files += 1;
                    assert!(now["file_id"].is_string());
                    assert_eq!(self.leaves(&sender.id).await, (true, false));
                }
                state => {
                    assert_eq!(state, Some(otherwise), "{now:#}");
                    assert_eq!(now["file_id"], Value::Null);
                    assert_eq!(self.leaves(&sender.id).await, (false, false));
                }
            }
        }
        assert_eq!(self.storage().await, (files * 1_000, 0));
        let path = format!("/v1/files?room_id={}", self.room);
        let listed = self.person.get(&path).await.ok();
        assert_eq!(
            listed["items"].as_array().map(Vec::len),
            Some(files as usize)
        );
        files
    }
}

#[tokio::test]
async fn r_u2_cancelling_against_completing_one_of_them_holds() {
    let desk = desk().await;
    let mut senders = Vec::new();
    for seed in 0..TIMES {
        let sender = desk.ready(seed).await;
        let path = format!("/v1/uploads/{}", sender.id);
        let (done, cancelled) = tokio::join!(
            sender.complete(&desk.person),
            desk.person.delete(&path).into_future()
        );
        match (done.status.as_u16(), cancelled.status.as_u16()) {
            (200, 409) => assert_eq!(cancelled.code(), "upload_state"),
            (409, 204) => assert_eq!(done.code(), "upload_state"),
            _ => panic!("{done:#?} {cancelled:#?}"),
        }
        senders.push(sender);
    }
    desk.settled(&senders, "cancelled").await;
}

#[tokio::test]
async fn r_u2_expiring_against_completing_one_of_them_holds() {
    let desk = desk().await;
    let mut senders = Vec::new();
    for seed in 0..TIMES {
        let sender = desk.ready(seed).await;
        desk.age(&sender.id, "25 hours").await;
        let (done, report) = tokio::join!(sender.complete(&desk.person), desk.reap("minute"));
        assert!([200, 409].contains(&done.status.as_u16()), "{done:#?}");
        assert_eq!(report["failed"]["uploads_expired"], Value::Null, "{report}");
        senders.push(sender);
    }
    desk.settled(&senders, "expired").await;
}

#[tokio::test]
async fn r_u3_cancelling_a_batch_while_its_files_are_completed_leaves_nothing_held() {
    let desk = desk().await;
    let files: Vec<Value> = (0..8)
        .map(|n| support::sender::start(&desk.room, &format!("{n}"), 1_000, "sha256"))
        .collect();
    let begun = desk
        .person
        .post("/v1/uploads/batch", json!({ "uploads": files }))
        .await
        .ok();
    let mut senders = Vec::new();
    for seed in 0..5 {
        let upload = &begun["results"][seed as usize]["started"]["upload"];
        let sender = Sender::resume(upload, bytes(1_000, 100 + seed));
        sender.send_all(&desk.person).await;
        senders.push(sender);
    }
    let batch = begun["batch_id"].as_str().expect("an id");
    let batch = format!("/v1/uploads/batches/{batch}");
    let completing =
        futures_util::future::join_all(senders.iter().map(|sender| sender.complete(&desk.person)));
    let (_, cancelled) = tokio::join!(completing, desk.person.delete(&batch).into_future());
    assert_eq!(cancelled.status, 204);
    let seen = desk.person.get(&batch).await.ok();
    // One that was started by the end of another, after the cancel had looked, is open still: cancelling again ends it.
    assert_eq!(desk.person.delete(&batch).await.status, 204);
    let now = desk.person.get(&batch).await.ok();
    assert_eq!(
        (&now["waiting"], &now["sending"]),
        (&json!(0), &json!(0)),
        "{seen:#}"
    );
    desk.settled(&senders, "cancelled").await;
}
