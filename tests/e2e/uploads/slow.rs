//! R-U2 when S3 is slow, or shows less than it has: on a stack of its own, because faults hit everybody. And R-O3: when
//! what is left half way is taken up.

use serde_json::json;
use support::sender::{Sender, bytes};
use time::{Duration, OffsetDateTime};

use super::faults::alone;
use super::{MIB, desk};

#[tokio::test]
async fn r_u2_a_list_of_parts_that_lags_costs_a_call_and_no_upload() {
    let desk = alone().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(17 * MIB, 1)).await;
    sender.send_all(&desk.person).await;
    let last = sender.part_count;
    desk.fault("ListParts", json!("lagging"), false, 1).await;
    let answer = sender.complete(&desk.person).await;
    assert_eq!(answer.status, 409, "{answer:#?}");
    assert_eq!(answer.body["missing"], json!([{"from": last, "to": last}]));
    // The reaper, too, only looks again later.
    desk.fault("ListParts", json!("lagging"), false, 1).await;
    desk.age(&sender.id, "2 minutes").await;
    desk.reap("minute").await;
    desk.stack.mend().await;
    let state = sender.see(&desk.person).await["state"].clone();
    assert!(state == "in_progress" || state == "completed", "{state}");
    let file = sender.complete(&desk.person).await.ok();
    assert_eq!(file["upload_id"], sender.id.as_str());
    assert_eq!(desk.storage().await, (17 * MIB as u64, 0));
}

#[tokio::test]
async fn r_u2_a_slow_s3_is_waited_for_or_asked_again() {
    let desk = alone().await;
    for (seed, operation) in [
        (1, "ListParts"),
        (2, "HeadObject"),
        (3, "CompleteMultipartUpload"),
    ] {
        let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(5, seed)).await;
        sender.send_all(&desk.person).await;
        desk.fault(operation, json!({"delay_ms": 7_000}), false, 1)
            .await;
        let mut file = sender.complete(&desk.person).await;
        if file.status != 200 {
            assert!([202, 503].contains(&file.status.as_u16()), "{file:#?}");
            file = sender.complete(&desk.person).await;
        }
        desk.stack.mend().await;
        assert_eq!(file.ok()["upload_id"], sender.id.as_str());
    }
    assert_eq!(desk.storage().await, (15, 0));
}

#[tokio::test]
async fn r_o3_a_completion_that_is_left_half_way_is_taken_up_at_growing_distances() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(5, 1)).await;
    // Asked for too early, so that it stays so.
    assert_eq!(sender.complete(&desk.person).await.status, 409);
    let sql = format!(
        "select join_asked_at from uploads where id = '{}'",
        sender.id
    );
    let asked_at: OffsetDateTime = desk.sql(&sql).await[0].get(0);
    let (store, mut taken_up) = (desk.stack.store(), Vec::new());
    for minute in 0..70 {
        let now = asked_at + Duration::seconds(60 * minute + 40);
        let found = store.stalled_uploads(now, 1_000_000).await;
        let mut found = found.expect("Postgres answers").into_iter();
        if found.any(|upload| upload.id.0.to_string() == sender.id) {
            taken_up.push(minute);
        }
    }
    assert_eq!(taken_up, [1, 2, 4, 8, 16, 32, 48, 64]);
}
