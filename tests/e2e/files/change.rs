//! R-F7: name, description, metadata.

use serde_json::{Value, json};
use support::Person;

use super::{Shelf, plain};

#[tokio::test]
async fn r_f7_a_file_is_renamed_and_described() {
    let shelf = Shelf::with("회의록.pdf").await;
    let found = shelf.see(&shelf.owner).await;
    assert_eq!(found.header("etag"), "\"1\"");
    let change = json!({
        "name": "\u{1112}\u{116c}\u{110b}\u{1174}\u{1105}\u{1169}\u{11a8} (최종).pdf",
        "description": "3월 12일\n둘째 줄",
        "metadata": {"color": "red", "tags": [1, 2]},
    });
    let changed = shelf.owner.patch(&shelf.path(""), change).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.ok();
    assert_eq!(changed["name"], "회의록 (최종).pdf");
    assert_eq!(changed["description"], "3월 12일\n둘째 줄");
    assert_eq!(changed["metadata"]["tags"], json!([1, 2]));
    assert_eq!(plain(&changed), plain(&shelf.see(&shelf.owner).await.ok()));

    let event = shelf.last_event(&shelf.room).await;
    assert_eq!(event["type"], "file.changed");
    assert_eq!(
        event["data"]["changes"],
        json!(["name", "description", "metadata"])
    );
    let listed = shelf
        .owner
        .get(&format!("/v1/files?room_id={}", shelf.room))
        .await
        .ok();
    assert_eq!(
        plain(&event["data"]["file"]),
        plain(&listed["items"][0]),
        "an event shows a file as lists do"
    );

    let cleared = shelf.owner.patch(
        &shelf.path(""),
        json!({"description": null, "metadata": null}),
    );
    let cleared = cleared.await.ok();
    assert_eq!(
        (&cleared["description"], &cleared["metadata"]),
        (&json!(""), &Value::Null)
    );
    assert_eq!(cleared["name"], "회의록 (최종).pdf");
    assert!(
        shelf
            .stack
            .audit_actions(shelf.owner.company)
            .await
            .contains(&"file.changed".to_owned())
    );
}

#[tokio::test]
async fn r_f7_what_changes_nothing_is_no_event() {
    let shelf = Shelf::with("a.pdf").await;
    let before = shelf.last_event(&shelf.room).await;
    let same = shelf
        .owner
        .patch(&shelf.path(""), json!({"name": "a.pdf"}))
        .await
        .ok();
    assert_eq!(same["revision"], 1);
    assert_eq!(shelf.last_event(&shelf.room).await, before);
}

#[tokio::test]
async fn r_f7_if_match_guards_against_a_stale_change() {
    let shelf = Shelf::with("a.pdf").await;
    let change = |name: &str, tag: &str| {
        let call = shelf.owner.patch(&shelf.path(""), json!({"name": name}));
        call.header("if-match", tag)
    };
    drop(change("b.pdf", "\"1\"").await.ok());
    let stale = change("c.pdf", "\"1\"").await;
    assert_eq!(stale.refusal(), (412, "version_mismatch"));
    assert_eq!(stale.body["revision"], 2);
    assert_eq!(shelf.see(&shelf.owner).await.ok()["name"], "b.pdf");
}

#[tokio::test]
async fn r_f7_names_are_cleaned_or_refused() {
    let shelf = Shelf::with("a.pdf").await;
    let rename = async |name: &str| {
        shelf
            .owner
            .patch(&shelf.path(""), json!({"name": name}))
            .await
    };
    let long = "가".repeat(256);
    for bad in ["", " ", "a/b", "..", "\u{202e}", "\u{0}", "a\\b", &long] {
        let answer = rename(bad).await;
        assert_eq!(
            answer.fields(),
            [("name".to_owned(), "bad_name".to_owned())],
            "{bad:?}"
        );
    }
    for blocked in ["a.exe", "회의록.pdf.scr", "evil\u{202e}gpj.sh", "x.bat. "] {
        assert_eq!(
            rename(blocked).await.refusal(),
            (422, "type_blocked"),
            "{blocked:?}"
        );
    }
    for (given, kept) in [
        ("evil\u{202e}gpj.txt", "evilgpj.txt"),
        ("👨‍👩‍👧 '100%'; \"x\".jpg", "👨‍👩‍👧 '100%'; \"x\".jpg"),
        ("...", "..."),
        ("%_%", "%_%"),
        (" \t앞뒤\n", "앞뒤"),
    ] {
        assert_eq!(rename(given).await.ok()["name"], kept);
        let url = shelf.owner.get(&shelf.path("/download")).await.ok()["url"].clone();
        let got = reqwest::get(url.as_str().expect("a URL"))
            .await
            .expect("S3 answers");
        assert!(got.status().is_success(), "{given:?}");
    }
    let metadata = shelf.owner.patch(
        &shelf.path(""),
        json!({"metadata": {"a": "x".repeat(4_096)}}),
    );
    let fields = metadata.await.fields();
    assert_eq!(fields, [("metadata".to_owned(), "too_large".to_owned())]);
    let wrong = shelf
        .owner
        .patch(&shelf.path(""), json!({"metadata": [], "size": 1}))
        .await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn r_f7_who_may_change_a_file() {
    let shelf = Shelf::with("a.pdf").await;
    let change = async |who: &Person| {
        let answer = who
            .patch(&shelf.path(""), json!({"description": who.handle}))
            .await;
        answer.status.as_u16()
    };
    let (writer, reader) = (
        shelf.colleague("full").await,
        shelf.colleague("read_only").await,
    );
    let outsider = shelf.stack.person_in(&shelf.owner).await;
    let stranger = Person::register(shelf.stack).await;
    assert_eq!(change(&writer).await, 403);
    assert_eq!(change(&reader).await, 403);
    assert_eq!(change(&outsider).await, 404);
    assert_eq!(change(&stranger).await, 404);
    shelf.promote(&writer).await;
    assert_eq!(change(&writer).await, 200);

    let archive = format!("/v1/chatrooms/{}/archive", shelf.room);
    drop(shelf.owner.post(&archive, json!({})).await.ok());
    let refused = shelf
        .owner
        .patch(&shelf.path(""), json!({"description": "late"}))
        .await;
    assert_eq!(refused.refusal(), (409, "room_archived"));
    assert_eq!(
        shelf.owner.delete(&shelf.path("")).await.refusal(),
        (409, "room_archived")
    );
}

#[tokio::test]
async fn r_f7_a_file_tells_what_i_may_do_with_it() {
    let shelf = Shelf::with("a.pdf").await;
    let reader = shelf.colleague("read_only").await;
    let can = |seen: &Value| seen["my"]["can"].clone();
    assert_eq!(
        can(&shelf.see(&reader).await.ok()),
        json!(["download", "show"])
    );
    let admin = shelf.colleague("full").await;
    shelf.promote(&admin).await;
    let all = [
        "download",
        "change",
        "add_version",
        "share",
        "pin",
        "show",
        "delete",
    ];
    assert_eq!(can(&shelf.see(&admin).await.ok()), json!(all));
}

#[tokio::test]
async fn r_f1_who_lost_access_to_the_room_lost_the_file() {
    let shelf = Shelf::with("a.pdf").await;
    let sender = shelf.colleague("full").await;
    let file = super::put(&sender, &shelf.room, "mine.pdf", 10, 2).await;
    let path = format!("/v1/files/{file}");
    let member = format!("/v1/chatrooms/{}/members/{}", shelf.room, sender.id);
    assert!(shelf.owner.delete(&member).await.status.is_success());
    assert_eq!(sender.get(&path).await.status, 404);
    assert_eq!(
        sender
            .patch(&path, json!({"description": "x"}))
            .await
            .status,
        404
    );
    assert_eq!(sender.delete(&path).await.status, 404);
    assert_eq!(sender.get(&format!("{path}/download")).await.status, 404);
    assert_eq!(
        sender
            .post(&format!("{path}/links"), json!({}))
            .await
            .status,
        404
    );
    assert_eq!(
        super::ids(&sender.get("/v1/files").await.ok()),
        Vec::<String>::new()
    );
}
