//! R-F5: deleted for 30 days, then gone with what nothing else refers to.

use futures_util::future::join_all;
use serde_json::json;
use support::sender::{bytes, upload};

use super::{Shelf, events, ids, reap};

#[tokio::test]
async fn r_f5_a_deleted_file_comes_back_as_it_was() {
    let shelf = Shelf::with("예산.xlsx").await;
    let before = shelf.see(&shelf.owner).await.ok();
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    assert_eq!(shelf.see(&shelf.owner).await.status, 404);
    assert_eq!(shelf.owner.get(&shelf.path("/download")).await.status, 404);
    let event = shelf.last_event(&shelf.room).await;
    assert_eq!(
        (&event["type"], &event["data"]["file_id"]),
        (&json!("file.deleted"), &before["id"])
    );
    assert_eq!(
        shelf.used().await,
        1_000,
        "it takes its place until it is gone for good"
    );

    let deleted = shelf.owner.get("/v1/files?state=deleted").await.ok();
    assert_eq!(ids(&deleted), std::slice::from_ref(&shelf.file));
    let left = deleted["items"][0]["deleted"]["restorable_for_s"]
        .as_i64()
        .expect("seconds");
    assert!((30 * 86_400 - 60..=30 * 86_400).contains(&left), "{left}");
    let usual = shelf.owner.get("/v1/files").await.ok();
    assert!(ids(&usual).is_empty());

    let restored = shelf
        .owner
        .post(&shelf.path("/restore"), json!({}))
        .await
        .ok();
    assert_eq!(
        (&restored["name"], &restored["status"]),
        (&before["name"], &before["status"])
    );
    assert_eq!(shelf.last_event(&shelf.room).await["type"], "file.restored");
    assert_eq!(
        ids(&shelf.owner.get("/v1/files?q=예산").await.ok()),
        std::slice::from_ref(&shelf.file)
    );
    let again = shelf.owner.post(&shelf.path("/restore"), json!({})).await;
    assert_eq!(again.refusal(), (409, "conflict"));
}

#[tokio::test]
async fn r_f5_who_deletes_and_who_sees_what_was_deleted() {
    let shelf = Shelf::with("a.pdf").await;
    let (writer, other) = (shelf.colleague("full").await, shelf.colleague("full").await);
    assert_eq!(writer.delete(&shelf.path("")).await.status, 403);
    let own = super::put(&writer, &shelf.room, "own.pdf", 10, 2).await;
    assert_eq!(other.delete(&format!("/v1/files/{own}")).await.status, 403);
    // The owner of the company is the room's creator here: an administrator of the company who is not in the room may.
    let admin = shelf
        .stack
        .person_as(&shelf.owner, domain::company::CompanyRole::Admin)
        .await;
    assert_eq!(admin.get(&format!("/v1/files/{own}")).await.status, 404);
    assert_eq!(admin.delete(&format!("/v1/files/{own}")).await.status, 204);
    for (who, sees) in [
        (&writer, true),
        (&other, false),
        (&shelf.owner, true),
        (&admin, true),
    ] {
        let seen = ids(&who.get("/v1/files?state=deleted").await.ok());
        assert_eq!(seen.contains(&own), sees, "{}", who.handle);
    }
    assert_eq!(
        other
            .post(&format!("/v1/files/{own}/restore"), json!({}))
            .await
            .status,
        403
    );
    drop(
        writer
            .post(&format!("/v1/files/{own}/restore"), json!({}))
            .await
            .ok(),
    );
    assert_eq!(writer.delete(&format!("/v1/files/{own}")).await.status, 204);
}

#[tokio::test]
async fn r_f5_after_30_days_it_is_gone_for_good() {
    let shelf = Shelf::with("a.pdf").await;
    drop(
        shelf
            .owner
            .post(&shelf.path("/links"), json!({}))
            .await
            .ok(),
    );
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    shelf.age(31).await;
    // Before the reaper comes by, too.
    let late = shelf.owner.post(&shelf.path("/restore"), json!({})).await;
    assert_eq!(late.refusal(), (404, "not_found"));
    assert!(ids(&shelf.owner.get("/v1/files?state=deleted").await.ok()).is_empty());
    shelf.reap("hour").await;
    assert_eq!(shelf.used().await, 0);
    assert_eq!(
        shelf
            .owner
            .post(&shelf.path("/restore"), json!({}))
            .await
            .status,
        404
    );
    let actions = shelf.stack.audit_actions(shelf.owner.company).await;
    for action in ["file.deleted", "file.purged"] {
        assert_eq!(
            actions.iter().filter(|it| *it == action).count(),
            1,
            "{action}"
        );
    }
}

#[tokio::test]
async fn r_o3_an_hour_removes_files_batch_after_batch() {
    let shelf = Shelf::with("a.pdf").await;
    let many = "with more as (
            insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, seq,
                created_at, status, deleted_at, deleted_by)
            select company_id, gen_random_uuid(), room_id, blob_id, uploader_id, gen_random_uuid(), 'p', content_type,
                size, seq, created_at, 'deleted', now() - interval '31 days', uploader_id
            from files, generate_series(1, 600) where id = $1 returning blob_id
        )
        update blobs set refs = refs + 600 where id in (select blob_id from more)";
    let id: uuid::Uuid = shelf.file.parse().expect("an id");
    assert_eq!(shelf.stack.execute(many, &[&id]).await.expect("done"), 1);
    shelf.reap("hour").await;
    let left = format!("select id from files where room_id = '{}'", shelf.room);
    assert_eq!(shelf.stack.query(&left).await.len(), 1);
}

#[tokio::test]
async fn r_u6_content_stays_until_its_last_file_goes() {
    let shelf = Shelf::with("one.bin").await;
    let content = bytes(5_000, 77);
    let first = upload(&shelf.owner, &shelf.room, "first.bin", content.clone()).await;
    let second = upload(&shelf.owner, &shelf.room, "second.bin", content).await;
    assert_eq!(shelf.used().await, 6_000);
    for (file, used) in [(&first, 6_000), (&second, 1_000)] {
        let shelf = Shelf {
            file: file["id"].as_str().expect("an id").to_owned(),
            owner: shelf.owner.clone(),
            room: shelf.room.clone(),
            stack: shelf.stack,
        };
        assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
        shelf.age(31).await;
        reap(shelf.stack, "hour").await;
        assert_eq!(shelf.used().await, used);
    }
}

#[tokio::test]
async fn r_f5_of_many_restores_at_once_one_restores() {
    let shelf = Shelf::with("a.pdf").await;
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    let restores = (0..8).map(|_| {
        shelf
            .owner
            .post(&shelf.path("/restore"), json!({}))
            .into_future()
    });
    let answers = join_all(restores).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status != 200)
            .all(|answer| answer.refusal() == (409, "conflict"))
    );
    let restored = events(&shelf.owner, &shelf.room).await;
    let restored = restored
        .iter()
        .filter(|event| event["type"] == "file.restored");
    assert_eq!(restored.count(), 1, "one event");
}
