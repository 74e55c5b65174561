//! R-O3: what nobody needs goes, and what the two sides do not know of each other is told.

use app::uploads::{compare, remove_orphans};
use serde_json::json;
use support::sender::{Sender, bucket, bytes, upload};
use time::Duration;

use super::{Desk, desk};

impl Desk {
    async fn blob_of(&self, file: &serde_json::Value) -> (uuid::Uuid, String) {
        let id = file["id"].as_str().expect("an id");
        let sql = format!(
            "select b.id, b.key from blobs b join files f on f.blob_id = b.id where f.id = '{id}'"
        );
        let rows = self.sql(&sql).await;
        (rows[0].get(0), rows[0].get(1))
    }
}

#[tokio::test]
async fn r_o3_content_without_a_reference_goes_after_thirty_days() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let kept = upload(&desk.person, &desk.room, "b.bin", bytes(10, 2)).await;
    let (orphan, key) = desk.blob_of(&file).await;
    let (_, kept) = desk.blob_of(&kept).await;
    let id = file["id"].as_str().expect("an id");
    // As the purge of deleted files leaves it.
    desk.sql(&format!(
        "update uploads set file_id = null where file_id = '{id}'"
    ))
    .await;
    desk.sql(&format!("delete from files where id = '{id}'"))
        .await;
    desk.sql(&format!("update blobs set refs = 0 where id = '{orphan}'"))
        .await;
    let (store, files) = (desk.stack.store(), bucket(&desk.stack));
    let now = app::clock::now();
    let (early, until) = (now + Duration::days(29), now + Duration::hours(1));
    let early = remove_orphans(&store, &files, (early, until), 1_000).await;
    early.expect("they can be listed");
    assert!(files.head(&key).await.expect("S3 answers").is_some());
    let sql = format!(
        "update blobs set orphaned_at = orphaned_at - interval '31 days' where id = '{orphan}'"
    );
    desk.sql(&sql).await;
    let done = remove_orphans(&store, &files, (now, until), 1_000).await;
    assert!(done.expect("they can be listed").done >= 1);
    assert_eq!(files.head(&key).await.expect("S3 answers"), None);
    let sql = format!("select 1 from blobs where id = '{orphan}'");
    assert!(desk.sql(&sql).await.is_empty());
    assert!(files.head(&kept).await.expect("S3 answers").is_some());
}

#[tokio::test]
async fn r_o3_one_run_removes_batch_after_batch_while_there_is_time() {
    let desk = super::faults::alone().await;
    // As a company leaves them that removes its archive.
    let made = format!(
        "insert into blobs (company_id, id, key, size, created_at, orphaned_at)
         select '{}', gen_random_uuid(), 'left/' || n, 1, now(), now() - interval '31 days'
         from generate_series(1, 450) n",
        desk.person.company
    );
    desk.sql(&made).await;
    let left = async || -> i64 {
        let rows = desk.sql("select count(*) from blobs where refs = 0").await;
        rows[0].get(0)
    };
    let (store, files) = (desk.stack.store(), bucket(&desk.stack));
    let now = app::clock::now();
    let late = remove_orphans(&store, &files, (now, now), 1_000).await;
    assert_eq!(late.expect("an answer").done, 0);
    assert_eq!(left().await, 450);
    // What cannot be removed does not keep back what stands behind it.
    desk.fault("DeleteObject", json!({"status": 403}), false, 3)
        .await;
    let report = desk.reap("hour").await;
    assert_eq!(
        (&report["done"]["orphans_removed"], left().await),
        (&json!(447), 3),
        "{report}"
    );
    desk.stack.mend().await;
    desk.reap("hour").await;
    assert_eq!(left().await, 0);
}

#[tokio::test]
async fn r_o3_content_that_is_wanted_again_stays() {
    let desk = desk().await;
    let content = bytes(1_000, 3);
    let file = upload(&desk.person, &desk.room, "a.bin", content.clone()).await;
    let (orphan, key) = desk.blob_of(&file).await;
    let sql = format!("update blobs set refs = 0 where id = '{orphan}'");
    desk.sql(&sql).await;
    let sender = Sender::begin(&desk.person, &desk.room, "b.bin", content).await;
    sender.send_all(&desk.person).await;
    drop(sender.complete(&desk.person).await.ok());
    let sql = format!("select refs, orphaned_at is null from blobs where id = '{orphan}'");
    let rows = desk.sql(&sql).await;
    assert_eq!(
        (rows[0].get::<_, i32>(0), rows[0].get::<_, bool>(1)),
        (1, true)
    );
    let files = bucket(&desk.stack);
    assert!(files.head(&key).await.expect("S3 answers").is_some());
}

#[tokio::test]
async fn r_o3_the_bucket_and_the_rows_are_compared_both_ways() {
    let running = support::launch::Launch::temporary().start();
    let running = running.expect("the stack starts");
    let desk = super::desk_on(running.stack.clone(), Some(running)).await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let gone = upload(&desk.person, &desk.room, "b.bin", bytes(10, 2)).await;
    let stray = upload(&desk.person, &desk.room, "c.bin", bytes(10, 3)).await;
    drop(Sender::begin(&desk.person, &desk.room, "open.bin", bytes(10, 4)).await);
    let (store, files) = (desk.stack.store(), bucket(&desk.stack));
    let later = app::clock::now() + Duration::hours(2);
    let run = async || compare(&store, &files, later, 10).await.expect("an answer");
    let clean = run().await;
    assert_eq!((clean.objects, clean.unknown, clean.missing), (3, 0, 0));
    assert!(clean.whole);
    let (_, key) = desk.blob_of(&gone).await;
    files.delete(&key).await.expect("S3 answers");
    let id = stray["id"].as_str().expect("an id");
    let (blob, _) = desk.blob_of(&stray).await;
    desk.sql(&format!(
        "update uploads set file_id = null where file_id = '{id}'"
    ))
    .await;
    desk.sql(&format!("delete from files where id = '{id}'"))
        .await;
    desk.sql(&format!("delete from blobs where id = '{blob}'"))
        .await;
    let found = run().await;
    assert_eq!((found.objects, found.unknown, found.missing), (2, 1, 1));
    // What is too young to be known on both sides is left alone.
    let young = compare(&store, &files, app::clock::now(), 10).await;
    assert_eq!(young.expect("an answer").missing, 0);
    let report = desk.reap("hour").await;
    assert_eq!(report["done"]["objects_unknown"], json!(1), "{report}");
    assert!(file["id"].is_string());
}
