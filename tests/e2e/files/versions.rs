//! R-F1: the contents that a file has had.

use serde_json::{Value, json};
use support::Person;
use support::sender::{Sender, bytes, start};

use super::{Shelf, ids, last_event, plain, put};

impl Shelf {
    /// Begins to send a new version.
    pub(super) async fn begin_version(&self, who: &Person, size: usize) -> support::Answer {
        let mut body = start(&self.room, "neu.pdf", size as u64, "sha256");
        body["file_id"] = json!(self.file);
        who.post("/v1/uploads", body).await
    }

    /// Sends one to its end; answers what completing said.
    async fn add_version(&self, who: &Person, size: usize, seed: u64) -> support::Answer {
        let started = self.begin_version(who, size).await.ok();
        let sender = Sender::resume(&started["upload"], bytes(size, seed));
        sender.send_all(who).await;
        sender.complete(who).await
    }

    pub(super) async fn length(&self, version: Option<u32>) -> usize {
        let query = version
            .map(|version| format!("?version={version}"))
            .unwrap_or_default();
        let view = self
            .owner
            .get(&self.path(&format!("/download{query}")))
            .await
            .ok();
        let got = reqwest::get(view["url"].as_str().expect("a URL"))
            .await
            .expect("S3 answers");
        got.bytes().await.expect("a body").len()
    }
}

/// Number, size, whether it is today's, and which one it was taken from.
type Row = (Option<i64>, Option<i64>, Option<bool>, Option<i64>);

fn history(versions: &Value) -> Vec<Row> {
    let items = versions["items"].as_array().expect("items");
    let row = |it: &Value| {
        (
            it["version"].as_i64(),
            it["size"].as_i64(),
            it["current"].as_bool(),
            it["restored_from"].as_i64(),
        )
    };
    items.iter().map(row).collect()
}

#[tokio::test]
async fn r_f1_new_content_is_a_version_and_none_is_lost() {
    let shelf = Shelf::with("계약서.pdf").await;
    let writer = shelf.colleague("full").await;
    let second = shelf.add_version(&writer, 2_000, 2).await.ok();
    assert_eq!(
        (&second["id"], &second["version"]),
        (&json!(shelf.file), &json!(2))
    );
    assert_eq!(
        (&second["name"], &second["size"]),
        (&json!("계약서.pdf"), &json!(2_000))
    );
    assert_eq!(second["sent_by"], json!(writer.id));
    assert_eq!(second["uploader_id"], json!(shelf.owner.id));
    let event = shelf.last_event(&shelf.room).await;
    assert_eq!(event["type"], "file.version_added");
    assert_eq!(plain(&event["data"]["file"]), plain(&second));
    assert_eq!(
        ids(&shelf.owner.get("/v1/files").await.ok()),
        std::slice::from_ref(&shelf.file)
    );
    assert_eq!(shelf.used().await, 3_000, "every kept version counts");
    assert_eq!(
        (
            shelf.length(None).await,
            shelf.length(Some(1)).await,
            shelf.length(Some(2)).await
        ),
        (2_000, 1_000, 2_000)
    );
    assert_eq!(
        shelf
            .owner
            .get(&shelf.path("/download?version=3"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn r_f1_a_former_version_taken_again_is_a_new_one() {
    let shelf = Shelf::with("계약서.pdf").await;
    let writer = shelf.colleague("full").await;
    drop(shelf.add_version(&writer, 2_000, 2).await.ok());
    let restored = shelf
        .owner
        .post(&shelf.path("/versions/1/restore"), json!({}))
        .await
        .ok();
    assert_eq!(
        (&restored["version"], &restored["size"]),
        (&json!(3), &json!(1_000))
    );
    assert_eq!(shelf.length(None).await, 1_000);
    assert_eq!(
        shelf.used().await,
        3_000,
        "the same content twice counts once"
    );
    let versions = shelf.owner.get(&shelf.path("/versions")).await.ok();
    let row = |version, size, current, from| (Some(version), Some(size), Some(current), from);
    assert_eq!(
        history(&versions),
        [
            row(3, 1_000, true, Some(1)),
            row(2, 2_000, false, None),
            row(1, 1_000, false, None)
        ]
    );
    assert_eq!(
        writer
            .post(&shelf.path("/versions/2/restore"), json!({}))
            .await
            .status,
        403
    );
    assert_eq!(
        shelf
            .owner
            .post(&shelf.path("/versions/9/restore"), json!({}))
            .await
            .status,
        404
    );

    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    shelf.age(31).await;
    shelf.reap("hour").await;
    assert_eq!(shelf.used().await, 0);
}

#[tokio::test]
async fn r_f1_a_version_needs_the_right_to_send_there_and_a_file_that_is_there() {
    let shelf = Shelf::with("a.pdf").await;
    let reader = shelf.colleague("read_only").await;
    assert_eq!(
        shelf.begin_version(&reader, 10).await.refusal(),
        (403, "read_only")
    );
    let stranger = Person::register(shelf.stack).await;
    assert_eq!(shelf.begin_version(&stranger, 10).await.status, 404);
    let wrong = |file: Value| {
        let mut body = start(&shelf.room, "n.pdf", 10, "none");
        body["file_id"] = file;
        body
    };
    let unknown = shelf
        .owner
        .post("/v1/uploads", wrong(json!(uuid::Uuid::nil())))
        .await;
    assert_eq!(
        unknown.fields(),
        [("file_id".to_owned(), "not_found".to_owned())]
    );
    let other = support::sender::room(&shelf.owner, "다른 방").await;
    let mut elsewhere = wrong(json!(shelf.file));
    elsewhere["room_id"] = json!(other);
    let elsewhere = shelf.owner.post("/v1/uploads", elsewhere).await;
    assert_eq!(
        elsewhere.fields(),
        [("file_id".to_owned(), "not_found".to_owned())]
    );
    // A room that one may not see is not there, whatever one says about files.
    let hidden = stranger.post("/v1/uploads", wrong(json!(uuid::Uuid::nil())));
    assert_eq!(hidden.await.refusal(), (404, "not_found"));
    let mut followed = wrong(json!(shelf.file));
    followed["then"] = json!({"message": {"text": "새 판"}});
    let followed = shelf.owner.post("/v1/uploads", followed).await;
    assert_eq!(
        followed.fields(),
        [("then".to_owned(), "not_expected".to_owned())]
    );
}

#[tokio::test]
async fn r_f1_a_file_that_is_deleted_meanwhile_takes_no_version() {
    let shelf = Shelf::with("a.pdf").await;
    let started = shelf.begin_version(&shelf.owner, 3_000).await.ok();
    let sender = Sender::resume(&started["upload"], bytes(3_000, 5));
    sender.send_all(&shelf.owner).await;
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    let late = sender.complete(&shelf.owner).await;
    assert_eq!(late.refusal(), (409, "upload_failed"));
    assert_eq!(sender.see(&shelf.owner).await["state"], "failed");
    assert_eq!(shelf.used().await, 1_000);
    let restored = shelf
        .owner
        .post(&shelf.path("/restore"), json!({}))
        .await
        .ok();
    assert_eq!(restored["version"], 1);
    assert_eq!(
        last_event(&shelf.owner, &shelf.room).await["type"],
        "file.restored"
    );
}

#[tokio::test]
async fn r_c6_a_rooms_limit_counts_every_version() {
    let shelf = Shelf::with("계약서.pdf").await;
    drop(shelf.add_version(&shelf.owner, 2_000, 2).await.ok());
    // Equal content is kept once; what is deleted, until it is gone for good.
    put(&shelf.owner, &shelf.room, "copy.pdf", 2_000, 2).await;
    let gone = put(&shelf.owner, &shelf.room, "gone.pdf", 500, 3).await;
    let deleted = shelf.owner.delete(&format!("/v1/files/{gone}")).await;
    assert_eq!(deleted.status, 204);
    let room = format!("/v1/chatrooms/{}", shelf.room);
    let limit = json!({"settings": {"storage_limit_bytes": 4_000}});
    drop(shelf.owner.patch(&room, limit).await.ok());
    let begin = async |size: u64| {
        let body = start(&shelf.room, "more.pdf", size, "none");
        shelf.owner.post("/v1/uploads", body).await
    };
    let over = begin(501).await;
    assert_eq!(over.refusal(), (413, "quota_exceeded"));
    assert_eq!(
        (&over.body["scope"], &over.body["used_bytes"]),
        (&json!("room"), &json!(3_500))
    );
    assert_eq!(shelf.begin_version(&shelf.owner, 501).await.status, 413);
    assert_eq!(begin(500).await.status, 201);
    assert_eq!(begin(1).await.refusal(), (413, "quota_exceeded"));
    // A batch is counted file by file, too.
    let purged = Shelf {
        file: gone,
        ..shelf
    };
    purged.age(31).await;
    purged.reap("hour").await;
    let shelf = purged;
    let batch = json!({"uploads": [
        start(&shelf.room, "a", 300, "none"), start(&shelf.room, "b", 300, "none"), start(&shelf.room, "c", 200, "none"),
    ]});
    let begun = shelf.owner.post("/v1/uploads/batch", batch).await.ok();
    let codes = [0, 1, 2].map(|place| begun["results"][place]["problem"]["code"].clone());
    assert_eq!(codes, [json!(null), json!("quota_exceeded"), json!(null)]);
}
