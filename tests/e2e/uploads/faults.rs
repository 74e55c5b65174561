//! R-U2 when S3 fails or a function dies: on a stack of its own, because faults hit everybody.

use serde_json::{Value, json};
use support::launch::Launch;
use support::sender::{Sender, bytes, start};

use super::{Desk, MIB, desk_on, lasting};

/// A desk on a stack of its own, which ends with the test.
async fn alone() -> Desk {
    let running = Launch::temporary().arg("--faults").start();
    let running = running.expect("the stack starts");
    desk_on(running.stack.clone(), Some(running)).await
}

impl Desk {
    /// From now on, once: what happens to a call of S3, and whether after it was carried out.
    async fn fault(&self, operation: &str, effect: Value, after: bool, count: u32) {
        let rule = json!({"target": "s3", "operation": operation, "effect": effect, "after": after, "count": count});
        self.stack.fault(rule).await;
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
        desk.fault(operation, effect.clone(), after, times).await;
        let mut answers = Vec::new();
        let file = loop {
            let answer = sender.complete(&desk.person).await;
            assert!(answers.len() < 5, "{operation} {effect}: {answers:?}");
            match answer.status.as_u16() {
                200 => break answer.ok(),
                status @ (202 | 500 | 503) => answers.push(status),
                _ => panic!("{operation} {effect}: {answer:#?}"),
            }
        };
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
    // What a killed function left is in the list, can be gone on with, and can be given up.
    let left = desk.person.get("/v1/uploads?state=pending").await.ok();
    let left = left["items"].as_array().cloned().expect("a list");
    assert_eq!(left.len(), 2);
    for upload in &left {
        let sender = Sender::resume(upload, bytes(5, 1));
        sender.send_all(&desk.person).await;
    }
    let first = Sender::resume(&left[0], bytes(5, 1));
    assert_eq!(first.complete(&desk.person).await.ok()["size"], 5);
    let second = format!("/v1/uploads/{}", left[1]["id"].as_str().expect("an id"));
    assert_eq!(desk.person.delete(&second).await.status, 204);
    assert_eq!(desk.storage().await, (5, 0));
}
