//! R-U2 when S3 fails or a function dies: on a stack of its own, because faults hit everybody.

use app::uploads::abort_vain;
use serde_json::{Value, json};
use support::launch::Launch;
use support::sender::{Sender, bucket, bytes, start};

use time::Duration;

use super::{Desk, MIB, desk_on, lasting};

/// A desk on a stack of its own, which ends with the test.
pub(super) async fn alone() -> Desk {
    let running = Launch::temporary().arg("--faults").start();
    let running = running.expect("the stack starts");
    desk_on(running.stack.clone(), Some(running)).await
}

impl Desk {
    /// From now on, once: what happens to a call of S3, and whether after it was carried out.
    pub(super) async fn fault(&self, operation: &str, effect: Value, after: bool, count: u32) {
        let rule = json!({"target": "s3", "operation": operation, "effect": effect, "after": after, "count": count});
        self.stack.fault(rule).await;
    }

    /// Completes as often as it takes; the file.
    async fn complete_at_last(&self, sender: &Sender, case: &str) -> Value {
        let mut answers = Vec::new();
        loop {
            let answer = sender.complete(&self.person).await;
            assert!(answers.len() < 5, "{case}: {answers:?}");
            match answer.status.as_u16() {
                200 => return answer.ok(),
                status @ (202 | 500 | 503) => answers.push(status),
                _ => panic!("{case}: {answer:#?}"),
            }
        }
    }
}

#[tokio::test]
async fn r_u2_whatever_breaks_during_completion_repeating_it_makes_one_file() {
    let desk = alone().await;
    let cases = [
        ("CompleteMultipartUpload", json!("error_200"), false, 1),
        ("CompleteMultipartUpload", json!({"status": 500}), false, 1),
        ("CompleteMultipartUpload", json!({"status": 503}), true, 1),
        ("CompleteMultipartUpload", json!("absent"), true, 1),
        ("CompleteMultipartUpload", json!("twice"), false, 1),
        (
            "CompleteMultipartUpload",
            json!({"kill": "uploads"}),
            false,
            1,
        ),
        (
            "CompleteMultipartUpload",
            json!({"kill": "uploads"}),
            true,
            1,
        ),
        ("ListParts", json!({"kill": "uploads"}), false, 1),
        ("HeadObject", json!({"kill": "uploads"}), false, 1),
        ("HeadObject", json!("absent"), false, 3),
    ];
    let count = cases.len();
    for (n, (operation, effect, after, times)) in cases.into_iter().enumerate() {
        let name = format!("{n}.bin");
        let sender =
            Sender::begin(&desk.person, &desk.room, &name, bytes(17 * MIB, n as u64)).await;
        sender.send_all(&desk.person).await;
        let case = format!("{operation} {effect}");
        desk.fault(operation, effect, after, times).await;
        let file = desk.complete_at_last(&sender, &case).await;
        desk.stack.mend().await;
        assert_eq!(file["upload_id"], sender.id.as_str());
        assert_eq!(
            lasting(&sender.complete(&desk.person).await.ok()),
            lasting(&file)
        );
    }
    let files = desk
        .person
        .get(&format!("/v1/files?room_id={}", desk.room))
        .await
        .ok();
    assert_eq!(files["items"].as_array().map(Vec::len), Some(count));
    assert_eq!(desk.storage().await, ((count * 17 * MIB) as u64, 0));
}

#[tokio::test]
async fn r_u2_whatever_breaks_at_the_begin_leaves_nothing_that_nobody_knows_of() {
    let desk = alone().await;
    let begin = async || {
        let body = start(&desk.room, "a.bin", 5, "none");
        desk.person.post("/v1/uploads", body).await.status.as_u16()
    };
    desk.fault("CreateMultipartUpload", json!("absent"), false, 9)
        .await;
    assert_eq!(begin().await, 503);
    desk.stack.mend().await;
    assert_eq!(desk.storage().await, (0, 0));
    for after in [false, true] {
        desk.fault(
            "CreateMultipartUpload",
            json!({"kill": "uploads"}),
            after,
            1,
        )
        .await;
        assert_eq!(begin().await, 500);
        desk.stack.mend().await;
    }
    // Nothing was promised, nothing is in the list, and what S3 began in vain the reaper finds.
    let left = desk.person.get("/v1/uploads").await.ok();
    assert_eq!(left["items"], json!([]));
    assert_eq!(desk.storage().await, (0, 0));
    let before = bucket(&desk.stack)
        .unfinished("", None)
        .await
        .expect("S3 answers");
    assert_eq!(before.found.len(), 1, "the one that S3 had begun");
    let (store, later) = (desk.stack.store(), app::clock::now() + Duration::hours(2));
    let swept = abort_vain(&store, &bucket(&desk.stack), later, 1).await;
    assert_eq!(swept.expect("it can be listed").done, 1);
    let after = bucket(&desk.stack)
        .unfinished("", None)
        .await
        .expect("S3 answers");
    assert_eq!(after.found, []);
}

impl Desk {
    /// From now on, once: the function dies when it sends this statement, or when Postgres has answered it.
    async fn kill_at(&self, statement: &str, after: bool) {
        let effect = json!({"kill": "uploads"});
        let rule = json!({"target": "postgres", "operation": statement, "effect": effect, "after": after, "count": 1});
        self.stack.fault(rule).await;
    }

    /// A small upload whose parts are all there.
    async fn sent(&self, seed: u64) -> Sender {
        let sender = Sender::begin(&self.person, &self.room, "a.bin", bytes(5, seed)).await;
        sender.send_all(&self.person).await;
        sender
    }

    /// Completes, and is not answered because the function dies at this statement.
    async fn complete_and_die(&self, sender: &Sender, after: bool) {
        self.kill_at("complete_upload_2", after).await;
        let answer = sender.complete(&self.person).await;
        assert!(answer.status.is_server_error(), "{answer:#?}");
        self.stack.mend().await;
    }
}

#[tokio::test]
async fn r_u2_a_begin_that_dies_around_its_rows_is_there_or_not() {
    let desk = alone().await;
    let mut done = 0;
    for after in [false, true] {
        desk.kill_at("begin_uploads_4", after).await;
        let body = start(&desk.room, "a.bin", 5, "none");
        let begun = desk.person.post("/v1/uploads", body).await;
        assert!(begun.status.is_server_error(), "{begun:#?}");
        desk.stack.mend().await;
        let listed = desk.person.get("/v1/uploads?state=in_progress").await.ok();
        let items = listed["items"].as_array().cloned().expect("a list");
        // Killed at its answer, the statement may have been committed or not: the quota agrees with the list.
        assert!(items.len() <= usize::from(after), "{items:?}");
        assert_eq!(desk.storage().await, (done, 5 * items.len() as u64));
        done += 5 * items.len() as u64;
        for upload in &items {
            let sender = Sender::resume(upload, bytes(5, 1));
            sender.send_all(&desk.person).await;
            assert_eq!(sender.complete(&desk.person).await.ok()["size"], 5);
        }
    }
}

#[tokio::test]
async fn r_u2_a_completion_that_dies_around_its_rows_makes_one_file() {
    let desk = alone().await;
    for (seed, after) in [(1, false), (2, true)] {
        let sender = desk.sent(seed).await;
        desk.complete_and_die(&sender, after).await;
        let state = sender.see(&desk.person).await["state"].clone();
        assert!(
            state == "in_progress" || after && state == "completed",
            "{state}"
        );
        assert_eq!(sender.complete(&desk.person).await.ok()["size"], 5);
    }
    // Nobody comes back: the reaper makes the file.
    let sender = desk.sent(3).await;
    desk.complete_and_die(&sender, false).await;
    desk.age(&sender.id, "2 minutes").await;
    desk.reap("minute").await;
    assert_eq!(sender.see(&desk.person).await["state"], "completed");
    assert_eq!(desk.storage().await, (3 * 5, 0));
    let log = format!("/v1/chatrooms/{}/events?after=0", desk.room);
    let log = desk.person.get(&log).await.ok().to_string();
    assert_eq!(log.matches("file.created").count(), 3);
    let left = bucket(&desk.stack).unfinished("", None).await;
    assert_eq!(left.expect("S3 answers").found, []);
}

#[tokio::test]
async fn r_u3_a_waiting_one_that_could_not_be_started_is_started_later() {
    let desk = alone().await;
    let files: Vec<Value> = (0..6)
        .map(|n| start(&desk.room, &format!("{n}"), 5, "none"))
        .collect();
    let body = json!({ "uploads": files });
    let begun = desk.person.post("/v1/uploads/batch", body).await.ok();
    let upload = |n: usize| &begun["results"][n]["started"]["upload"];
    let waiting = Sender::resume(upload(5), bytes(5, 5));
    // S3 is away while one ends, dies while the next is signed, and then works.
    desk.fault("CreateMultipartUpload", json!("absent"), false, 9)
        .await;
    let path = format!("/v1/uploads/{}", upload(0)["id"].as_str().expect("an id"));
    assert_eq!(desk.person.delete(&path).await.status, 204);
    assert_eq!(waiting.see(&desk.person).await["state"], "pending");
    desk.stack.mend().await;
    for after in [false, true] {
        desk.fault(
            "CreateMultipartUpload",
            json!({"kill": "uploads"}),
            after,
            1,
        )
        .await;
        let signed = waiting.sign(&desk.person, &[1]).await;
        assert!(signed.status.is_server_error(), "{signed:#?}");
        desk.stack.mend().await;
        assert_eq!(waiting.see(&desk.person).await["state"], "pending");
    }
    waiting.send_all(&desk.person).await;
    assert_eq!(waiting.complete(&desk.person).await.ok()["size"], 5);
    assert_eq!(desk.storage().await, (5, 4 * 5));
}

#[tokio::test]
async fn r_u3_what_waits_alone_is_started_by_the_reaper() {
    let desk = alone().await;
    desk.fault("CreateMultipartUpload", json!("absent"), false, 99)
        .await;
    let body = json!({ "uploads": [start(&desk.room, "a", 5, "none")] });
    let begun = desk.person.post("/v1/uploads/batch", body).await.ok();
    let upload = &begun["results"][0]["started"]["upload"];
    assert_eq!(upload["state"], "pending");
    desk.stack.mend().await;
    let id = upload["id"].as_str().expect("an id");
    desk.age(id, "2 minutes").await;
    let report = desk.reap("minute").await;
    assert_eq!(report["done"]["places_filled"], 1, "{report}");
    let sender = Sender::resume(upload, bytes(5, 1));
    assert_eq!(sender.see(&desk.person).await["state"], "in_progress");
}

#[tokio::test]
async fn r_u2_a_session_that_nobody_was_told_of_does_not_hold_quota() {
    let desk = alone().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(5, 1)).await;
    // As a function of the former kind left it that was killed between its row and S3.
    desk.sql(&format!(
        "update uploads set state = 'pending', s3_upload_id = null where id = '{}'",
        sender.id
    ))
    .await;
    desk.age(&sender.id, "6 minutes").await;
    desk.reap("minute").await;
    assert_eq!(sender.see(&desk.person).await["state"], "expired");
    assert_eq!(desk.storage().await, (0, 0));
}
