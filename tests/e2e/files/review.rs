//! R-U8: what is held back for its content, and the administrator who decides. R-F5: storage classes.

use domain::company::CompanyRole;
use serde_json::{Value, json};
use support::sender::Sender;

use super::{Shelf, ids, put};

#[tokio::test]
async fn r_u8_an_administrator_reviews_what_was_held_back() {
    let shelf = Shelf::with("a.pdf").await;
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00".to_vec();
    program.resize(2_000, 7);
    let sender = Sender::begin(&shelf.owner, &shelf.room, "그림.png", program.into()).await;
    let mut socket = support::Socket::connect(shelf.stack, &shelf.owner).await;
    sender.send_all(&shelf.owner).await;
    let file = sender.complete(&shelf.owner).await.ok();
    let id = file["id"].as_str().expect("an id").to_owned();
    if file["status"] == "available" {
        let held = |event: &Value| {
            event["type"] == "file.quarantined" && event["data"]["file_id"] == id.as_str()
        };
        drop(socket.event(held).await);
    }
    let path = format!("/v1/files/{id}");
    let member = shelf.colleague("full").await;
    let admin = shelf
        .stack
        .person_as(&shelf.owner, CompanyRole::Admin)
        .await;
    let outsider = shelf.stack.person_in(&shelf.owner).await;
    let held = "/v1/files?state=quarantined";
    assert_eq!(ids(&admin.get(held).await.ok()), std::slice::from_ref(&id));
    assert_eq!(ids(&member.get(held).await.ok()), std::slice::from_ref(&id));
    assert!(ids(&outsider.get(held).await.ok()).is_empty());
    let release = format!("{path}/release");
    assert_eq!(member.post(&release, json!({})).await.status, 403);
    assert_eq!(outsider.post(&release, json!({})).await.status, 404);
    assert_eq!(
        member.get(&format!("{path}/download")).await.refusal(),
        (403, "file_quarantined")
    );
    let released = admin.post(&release, json!({})).await.ok();
    assert_eq!(released["status"], "available");
    assert_eq!(shelf.last_event(&shelf.room).await["type"], "file.released");
    assert!(
        member
            .get(&format!("{path}/download"))
            .await
            .status
            .is_success()
    );
    assert_eq!(
        admin.post(&release, json!({})).await.refusal(),
        (409, "conflict")
    );
    assert!(ids(&admin.get(held).await.ok()).is_empty());
}

#[tokio::test]
async fn r_u8_nobody_reviews_what_was_sent_between_two() {
    let shelf = Shelf::with("a.pdf").await;
    let id: uuid::Uuid = shelf.file.parse().expect("an id");
    // No route makes such a room; the rule is older than the routes.
    for sql in [
        "update rooms set type = 'direct' where id = (select room_id from files where id = $1)",
        "update files set status = 'quarantined' where id = $1",
    ] {
        assert_eq!(shelf.stack.execute(sql, &[&id]).await.expect("done"), 1);
    }
    let release = shelf.owner.post(&shelf.path("/release"), json!({})).await;
    assert_eq!(release.refusal(), (403, "forbidden"));
    assert_eq!(shelf.see(&shelf.owner).await.ok()["status"], "quarantined");
}

#[tokio::test]
async fn r_u8_deleting_and_restoring_lets_nothing_through() {
    let shelf = Shelf::with("a.pdf").await;
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    // S3's event may come later than the deletion: what is found then is found of the content.
    let found = "update blobs set blocked_as = 'application/x-executable'
                 where id = (select blob_id from files where id = $1)";
    let id: uuid::Uuid = shelf.file.parse().expect("an id");
    assert_eq!(shelf.stack.execute(found, &[&id]).await.expect("done"), 1);
    let restored = shelf.owner.post(&shelf.path("/restore"), json!({})).await;
    assert_eq!(restored.ok()["status"], "quarantined");
    let event = shelf.last_event(&shelf.room).await;
    assert_eq!(event["data"]["file"]["status"], "quarantined");
    let download = shelf.owner.get(&shelf.path("/download")).await;
    assert_eq!(download.refusal(), (403, "file_quarantined"));
    // What an administrator has let through stays so.
    let release = shelf.owner.post(&shelf.path("/release"), json!({})).await;
    assert_eq!(release.ok()["status"], "available");
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    let restored = shelf.owner.post(&shelf.path("/restore"), json!({})).await;
    assert_eq!(restored.ok()["status"], "available");
}

#[tokio::test]
async fn r_f5_an_archived_rooms_content_is_tagged_for_a_cheaper_class() {
    let shelf = Shelf::with("a.pdf").await;
    let other = support::sender::room(&shelf.owner, "다른 방").await;
    let shared = put(&shelf.owner, &shelf.room, "shared.pdf", 500, 9).await;
    let place = format!("/v1/files/{shared}/rooms/{other}");
    assert_eq!(shelf.owner.put(&place, json!({})).await.status, 204);
    let tiers = async || {
        let sql = format!(
            "select f.name, b.tier from files f join blobs b on b.id = f.blob_id
             where f.room_id = '{}' order by f.name",
            shelf.room
        );
        let rows = shelf.stack.query(&sql).await;
        rows.iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect::<Vec<(String, String)>>()
    };
    let want = |first: &str, second: &str| {
        vec![
            ("a.pdf".to_owned(), first.to_owned()),
            ("shared.pdf".to_owned(), second.to_owned()),
        ]
    };
    let path = |verb: &str| format!("/v1/chatrooms/{}/{verb}", shelf.room);
    drop(shelf.owner.post(&path("archive"), json!({})).await.ok());
    shelf.reap("hour").await;
    assert_eq!(
        tiers().await,
        want("archive", "standard"),
        "what another room uses stays"
    );
    assert!(
        shelf
            .owner
            .get(&shelf.path("/download"))
            .await
            .status
            .is_success()
    );
    drop(shelf.owner.post(&path("restore"), json!({})).await.ok());
    shelf.reap("hour").await;
    assert_eq!(tiers().await, want("standard", "standard"));
}
