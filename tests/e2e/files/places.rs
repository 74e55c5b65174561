//! R-F7: files in several rooms, and pins.

use futures_util::future::join_all;
use serde_json::json;
use support::sender::{let_in, room};

use super::{Shelf, ids, last_event, put};

#[tokio::test]
async fn r_f7_a_file_is_shown_in_another_room_without_a_copy() {
    let shelf = Shelf::with("안내서.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let reader = shelf.stack.person_in(&shelf.owner).await;
    let_in(&shelf.owner, &other, &reader, "read_only").await;
    assert_eq!(shelf.see(&reader).await.status, 404);
    let place = shelf.path(&format!("/rooms/{other}"));
    assert_eq!(shelf.owner.put(&place, json!({})).await.status, 204);
    let event = last_event(&shelf.owner, &other).await;
    assert_eq!(
        (&event["type"], &event["data"]["file"]["id"]),
        (&json!("file.shown"), &json!(shelf.file))
    );
    assert_eq!(
        shelf.owner.put(&place, json!({})).await.status,
        204,
        "once more is fine"
    );
    assert_eq!(last_event(&shelf.owner, &other).await, event);
    assert_eq!(shelf.used().await, 1_000);

    assert_eq!(shelf.see(&reader).await.ok()["shown_in"], json!([other]));
    assert!(
        reader
            .get(&shelf.path("/download"))
            .await
            .status
            .is_success()
    );
    let mine = ids(&shelf.owner.get("/v1/files").await.ok());
    assert_eq!(
        mine,
        std::slice::from_ref(&shelf.file),
        "in both rooms, once in my list"
    );
    let found = reader
        .get(&format!("/v1/files?room_id={other}&q=안내"))
        .await
        .ok();
    assert_eq!(ids(&found), std::slice::from_ref(&shelf.file));
}

#[tokio::test]
async fn r_f7_both_rooms_hear_of_a_change_until_the_file_is_hidden_again() {
    let shelf = Shelf::with("안내서.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let reader = shelf.stack.person_in(&shelf.owner).await;
    let_in(&shelf.owner, &other, &reader, "read_only").await;
    let place = shelf.path(&format!("/rooms/{other}"));
    assert_eq!(shelf.owner.put(&place, json!({})).await.status, 204);
    drop(
        shelf
            .owner
            .patch(&shelf.path(""), json!({"name": "지침서.pdf"}))
            .await
            .ok(),
    );
    for room in [&shelf.room, &other] {
        assert_eq!(last_event(&shelf.owner, room).await["type"], "file.changed");
    }
    assert!(ids(&reader.get("/v1/files?q=안내").await.ok()).is_empty());
    assert_eq!(
        ids(&reader.get("/v1/files?q=지침").await.ok()),
        std::slice::from_ref(&shelf.file)
    );

    let pin = shelf.path(&format!("/pin?room_id={other}"));
    assert_eq!(shelf.owner.put(&pin, json!({})).await.status, 204);
    assert_eq!(reader.delete(&place).await.status, 403);
    assert_eq!(shelf.owner.delete(&place).await.status, 204);
    assert_eq!(
        last_event(&shelf.owner, &other).await["type"],
        "file.hidden"
    );
    let pinned = format!("/v1/files?room_id={other}&state=pinned");
    assert!(ids(&reader.get(&pinned).await.ok()).is_empty());
    assert_eq!(shelf.see(&reader).await.status, 404);
    assert!(shelf.see(&shelf.owner).await.status.is_success());
    let home = shelf.path(&format!("/rooms/{}", shelf.room));
    assert_eq!(shelf.owner.delete(&home).await.refusal(), (409, "conflict"));
}

#[tokio::test]
async fn r_f7_showing_needs_reading_here_and_writing_there() {
    let shelf = Shelf::with("a.pdf").await;
    let (reader, outsider) = (
        shelf.colleague("read_only").await,
        shelf.stack.person_in(&shelf.owner).await,
    );
    let theirs = room(&outsider, "남의 방").await;
    let own = room(&reader, "내 방").await;
    let place = |room: &str| shelf.path(&format!("/rooms/{room}"));
    assert_eq!(reader.put(&place(&own), json!({})).await.status, 204);
    assert_eq!(reader.put(&place(&theirs), json!({})).await.status, 404);
    assert_eq!(outsider.put(&place(&theirs), json!({})).await.status, 404);
    let_in(&outsider, &theirs, &reader, "read_only").await;
    assert_eq!(
        reader.put(&place(&theirs), json!({})).await.refusal(),
        (403, "read_only")
    );
    drop(
        reader
            .post(&format!("/v1/chatrooms/{own}/archive"), json!({}))
            .await
            .ok(),
    );
    assert_eq!(
        reader.delete(&place(&own)).await.refusal(),
        (409, "room_archived")
    );
}

#[tokio::test]
async fn r_f7_a_plain_member_neither_pins_nor_unpins() {
    let shelf = Shelf::with("a.pdf").await;
    let writer = shelf.colleague("full").await;
    let pin = shelf.path("/pin");
    let before = shelf.last_event(&shelf.room).await;
    assert_eq!(
        writer.put(&pin, json!({})).await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(shelf.last_event(&shelf.room).await, before);
    assert_eq!(shelf.owner.put(&pin, json!({})).await.status, 204);
    assert_eq!(writer.delete(&pin).await.refusal(), (403, "forbidden"));
    assert_eq!(shelf.last_event(&shelf.room).await["type"], "file.pinned");
}

#[tokio::test]
async fn r_f7_a_room_pins_fifty_files_and_no_more() {
    let shelf = Shelf::with("a.pdf").await;
    let writer = shelf.colleague("full").await;
    assert_eq!(
        shelf.owner.put(&shelf.path("/pin"), json!({})).await.status,
        204
    );
    assert_eq!(shelf.last_event(&shelf.room).await["type"], "file.pinned");
    let pinned = format!("/v1/files?room_id={}&state=pinned&limit=100", shelf.room);
    assert_eq!(
        ids(&writer.get(&pinned).await.ok()),
        std::slice::from_ref(&shelf.file)
    );

    // 48 more straight into the table, then a race for the last place.
    let sql = format!(
        "with f as (
             insert into files (company_id, id, room_id, blob_id, uploader_id, upload_id, name, content_type, size, seq, created_at)
             select company_id, gen_random_uuid(), room_id, blob_id, uploader_id, gen_random_uuid(), 'p', content_type, 0, seq, now()
             from files, generate_series(1, 48) where id = '{}' returning *
         ) select id from f",
        shelf.file
    );
    let made = shelf.stack.query(&sql).await;
    let list: Vec<String> = made
        .iter()
        .map(|row| format!("'{}'", row.get::<_, uuid::Uuid>(0)))
        .collect();
    let sql = format!(
        "insert into file_pins (company_id, room_id, file_id, pinned_by, pinned_at)
         select company_id, room_id, id, uploader_id, now() from files where id in ({})",
        list.join(",")
    );
    drop(shelf.stack.query(&sql).await);
    let mut more = Vec::new();
    for seed in 0..4 {
        more.push(put(&shelf.owner, &shelf.room, "n.pdf", 10, 100 + seed).await);
    }
    let pin = async |file: &String| {
        let answer = shelf
            .owner
            .put(&format!("/v1/files/{file}/pin"), json!({}))
            .await;
        answer.status.as_u16()
    };
    let mut got = join_all(more.iter().map(pin)).await;
    got.sort_unstable();
    assert_eq!(got, [204, 409, 409, 409]);
    assert_eq!(shelf.owner.delete(&shelf.path("/pin")).await.status, 204);
    assert_eq!(shelf.last_event(&shelf.room).await["type"], "file.unpinned");
    assert_eq!(ids(&shelf.owner.get(&pinned).await.ok()).len(), 49);
    assert_eq!(shelf.owner.get("/v1/files?state=pinned").await.status, 422);
}
