//! R-F7: files put into the threads of the rooms that show them, and taken out.

use domain::company::CompanyRole;
use futures_util::future::join_all;
use serde_json::json;
use support::sender::{Sender, bytes, let_in, room, start};
use support::{Person, Socket};

use super::thread_lists::listed;
use super::{Shelf, events, last_event, put};

impl Shelf {
    /// A thread of `room` made from a file of its own: the thread and that file.
    pub(super) async fn thread(&self, room: &str, title: &str) -> (String, String) {
        let mut body = start(room, title, 5, "sha256");
        body["then"] = json!({"thread": {"title": format!("{title} 이야기")}});
        let begun = self.owner.post("/v1/uploads", body).await.ok();
        let sender = Sender::resume(&begun["upload"], bytes(5, 7));
        sender.send_all(&self.owner).await;
        let file = sender.complete(&self.owner).await.ok();
        let file = file["id"].as_str().expect("an id").to_owned();
        let seen = self.owner.get(&format!("/v1/files/{file}")).await.ok();
        let thread = seen["in_threads"][0].as_str().expect("a thread");
        (thread.to_owned(), file)
    }

    /// Its own file in a thread, as a path.
    fn inside(&self, thread: &str) -> String {
        self.path(&format!("/threads/{thread}"))
    }

    async fn remove(&self, who: &Person, thread: &str) -> u16 {
        let answer = who.delete(&self.inside(thread)).await;
        answer.status.as_u16()
    }

    pub(super) async fn add(&self, who: &Person, thread: &str) -> u16 {
        let answer = who.put(&self.inside(thread), json!({})).await;
        answer.status.as_u16()
    }

    /// Moves a thread on, as what manages threads will.
    async fn set_thread(&self, thread: &str, status: &str) {
        let sql = "update threads set status = $2 where id = $1";
        let id: uuid::Uuid = thread.parse().expect("an id");
        let done = self.stack.execute(sql, &[&id, &status]).await;
        assert_eq!(done.expect("Postgres answers"), 1);
    }

    /// The lines of the audit log about threads and places.
    async fn audited(&self) -> Vec<String> {
        let mut lines = self.stack.audit_actions(self.owner.company).await;
        lines.retain(|line| line.starts_with("thread.") || line == "file.shown");
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn r_f7_a_file_is_put_into_a_thread_and_taken_out() {
    let shelf = Shelf::with("안내서.pdf").await;
    let (thread, _) = shelf.thread(&shelf.room, "회의").await;
    let before = events(&shelf.owner, &shelf.room).await.len();
    assert_eq!(shelf.add(&shelf.owner, &thread).await, 204);
    assert_eq!(shelf.add(&shelf.owner, &thread).await, 204, "once more");
    let log = events(&shelf.owner, &shelf.room).await;
    assert_eq!(log.len(), before + 1);
    let event = &log[before];
    assert_eq!(event["type"], "thread.file_added");
    assert_eq!(event["data"]["thread_id"], json!(thread));
    assert_eq!(event["data"]["file"]["name"], "안내서.pdf");
    assert_eq!(
        shelf.see(&shelf.owner).await.ok()["in_threads"],
        json!([thread])
    );

    assert_eq!(shelf.remove(&shelf.owner, &thread).await, 204);
    assert_eq!(shelf.remove(&shelf.owner, &thread).await, 204, "once more");
    let event = shelf.last_event(&shelf.room).await;
    let gone = json!({"thread_id": thread, "file_id": shelf.file});
    assert_eq!(
        (&event["type"], &event["data"]),
        (&json!("thread.file_removed"), &gone)
    );
    assert_eq!(events(&shelf.owner, &shelf.room).await.len(), before + 2);
    assert_eq!(
        shelf.audited().await,
        ["thread.file_added", "thread.file_removed"]
    );
    assert_eq!(shelf.see(&shelf.owner).await.ok()["in_threads"], json!([]));
}

#[tokio::test]
async fn r_f7_a_room_shows_what_its_threads_have_and_hiding_clears_them() {
    let shelf = Shelf::with("안내서.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let (thread, _) = shelf.thread(&other, "회의").await;
    let (second, _) = shelf.thread(&other, "둘째").await;
    let (at_home, _) = shelf.thread(&shelf.room, "집").await;
    let reader = shelf.stack.person_in(&shelf.owner).await;
    let_in(&shelf.owner, &other, &reader, "read_only").await;
    assert_eq!(shelf.see(&reader).await.status, 404);
    let mut socket = Socket::connect(shelf.stack, &reader).await;
    let before = events(&shelf.owner, &other).await.len();
    for thread in [&thread, &second, &at_home] {
        assert_eq!(shelf.add(&shelf.owner, thread).await, 204);
    }
    let log = events(&shelf.owner, &other).await.split_off(before);
    let told: Vec<_> = log.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        told,
        ["file.shown", "thread.file_added", "thread.file_added"]
    );
    let first = log[0]["seq"].as_i64().expect("a seq");
    assert_eq!(log[1]["seq"], first + 1);
    let pushed = socket.event(|event| event["type"] == "thread.file_added");
    assert_eq!(pushed.await["data"], log[1]["data"]);
    assert_eq!(shelf.audited().await.len(), 4, "a line for each event");

    let seen = shelf.see(&reader).await.ok();
    assert_eq!(seen["shown_in"], json!([other]));
    assert_eq!(seen["in_threads"], json!([thread, second]));
    let place = shelf.path(&format!("/rooms/{other}"));
    assert_eq!(shelf.owner.delete(&place).await.status, 204);
    assert_eq!(
        last_event(&shelf.owner, &other).await["type"],
        "file.hidden"
    );
    let query = format!("thread_id={thread}&q=안내서");
    assert!(listed(&reader, &query).await.is_empty());
    assert_eq!(
        shelf.see(&shelf.owner).await.ok()["in_threads"],
        json!([at_home])
    );
}

#[tokio::test]
async fn r_f7_who_puts_files_into_threads_and_takes_them_out() {
    let shelf = Shelf::with("a.pdf").await;
    let (thread, _) = shelf.thread(&shelf.room, "회의").await;
    let (writer, reader) = (
        shelf.colleague("full").await,
        shelf.colleague("read_only").await,
    );
    let outsider = shelf.stack.person_in(&shelf.owner).await;
    let admin = shelf
        .stack
        .person_as(&shelf.owner, CompanyRole::Admin)
        .await;
    let stranger = Person::register(shelf.stack).await;
    let remove = async |who: &Person| shelf.remove(who, &thread).await;
    for (who, adds, removes) in [
        (&writer, 204, 204),
        (&reader, 403, 403),
        (&outsider, 404, 404),
        (&admin, 404, 404),
        (&stranger, 404, 404),
    ] {
        assert_eq!(shelf.add(who, &thread).await, adds, "{}", who.handle);
        assert_eq!(remove(who).await, removes, "{}", who.handle);
    }
    // The owner's file, put in by the owner: the writer has nothing to do with it until they manage the room's files.
    assert_eq!(shelf.add(&shelf.owner, &thread).await, 204);
    assert_eq!(remove(&writer).await, 403);
    shelf.promote(&writer).await;
    assert_eq!(remove(&writer).await, 204);
    // Who sent the file takes it out, whoever put it in.
    assert_eq!(shelf.add(&writer, &thread).await, 204);
    assert_eq!(remove(&shelf.owner).await, 204);
    // The stranger's own file does not get in either, nor anybody's into a thread of theirs.
    let theirs = room(&stranger, "남의 방").await;
    let file = put(&stranger, &theirs, "b.pdf", 10, 3).await;
    let path = format!("/v1/files/{file}/threads/{thread}");
    assert_eq!(stranger.put(&path, json!({})).await.status, 404);
    let query = format!("/v1/files?thread_id={thread}");
    for who in [&outsider, &admin, &stranger] {
        assert_eq!(who.get(&query).await.status, 404);
    }
    assert!(reader.get(&query).await.status.is_success());
}

#[tokio::test]
async fn r_f7_what_is_put_away_or_held_back_takes_part_in_nothing() {
    let shelf = Shelf::with("a.pdf").await;
    let (thread, made_from) = shelf.thread(&shelf.room, "회의").await;
    let add = async || shelf.owner.put(&shelf.inside(&thread), json!({})).await;
    let quarantine = format!(
        "update files set status = 'quarantined' where id = '{}'",
        shelf.file
    );
    drop(shelf.stack.query(&quarantine).await);
    assert_eq!(add().await.refusal(), (409, "conflict"));
    let release = quarantine.replace("'quarantined'", "'available'");
    drop(shelf.stack.query(&release).await);

    shelf.set_thread(&thread, "resolved").await;
    assert_eq!(add().await.status, 204);
    shelf.set_thread(&thread, "archived").await;
    assert_eq!(add().await.refusal(), (409, "conflict"));
    let late = put(&shelf.owner, &shelf.room, "b.pdf", 10, 3).await;
    let late = format!("/v1/files/{late}/threads/{thread}");
    let late = shelf.owner.put(&late, json!({})).await;
    assert_eq!(late.refusal(), (409, "conflict"));
    let remove = shelf.owner.delete(&shelf.inside(&thread)).await;
    assert_eq!(remove.refusal(), (409, "conflict"));
    let query = format!("thread_id={thread}");
    let both = [made_from, shelf.file.clone()];
    assert_eq!(listed(&shelf.owner, &query).await, both, "still read");
    shelf.set_thread(&thread, "deleted").await;
    assert_eq!(add().await.status, 404);
    assert_eq!(shelf.remove(&shelf.owner, &thread).await, 404);
    let list = shelf.owner.get(&format!("/v1/files?{query}")).await;
    assert_eq!(list.status, 404);
    assert_eq!(shelf.see(&shelf.owner).await.ok()["in_threads"], json!([]));

    shelf.set_thread(&thread, "active").await;
    let archive = format!("/v1/chatrooms/{}/archive", shelf.room);
    drop(shelf.owner.post(&archive, json!({})).await.ok());
    assert_eq!(add().await.refusal(), (409, "room_archived"));
    let remove = shelf.owner.delete(&shelf.inside(&thread)).await;
    assert_eq!(remove.refusal(), (409, "room_archived"));
    assert_eq!(listed(&shelf.owner, &query).await, both);
}

#[tokio::test]
async fn r_f7_fifty_at_once_put_a_file_in_once() {
    let shelf = Shelf::with("a.pdf").await;
    let other = room(&shelf.owner, "다른 방").await;
    let (thread, _) = shelf.thread(&other, "회의").await;
    let before = events(&shelf.owner, &other).await.len();
    let done = join_all((0..50).map(|_| shelf.add(&shelf.owner, &thread))).await;
    assert!(done.iter().all(|status| *status == 204), "{done:?}");
    let log = events(&shelf.owner, &other).await.split_off(before);
    let told: Vec<_> = log.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["file.shown", "thread.file_added"]);
}

/// The database itself holds the rule that a row names a thread of its room, and things of its company.
#[tokio::test]
async fn r_a8_no_row_joins_a_file_with_a_thread_of_another_room_or_company() {
    let shelf = Shelf::with("a.pdf").await;
    let (thread, _) = shelf.thread(&shelf.room, "회의").await;
    let other = room(&shelf.owner, "다른 방").await;
    let stranger = Person::register(shelf.stack).await;
    let theirs = room(&stranger, "남의 방").await;
    let foreign = put(&stranger, &theirs, "b.pdf", 10, 3).await;
    let uuid = |text: &str| -> uuid::Uuid { text.parse().expect("an id") };
    let sql =
        "insert into thread_files (company_id, room_id, thread_id, file_id, added_by, added_at)
        select company_id, $2, $1, $3, uploader_id, now() from files where id = $3";
    for (room, file) in [(&other, &shelf.file), (&shelf.room, &foreign)] {
        let params = [uuid(&thread), uuid(room), uuid(file)];
        let [thread, room, file] = &params;
        let refused = shelf.stack.execute(sql, &[thread, room, file]).await;
        let error = refused.expect_err("refused");
        assert_eq!(
            error.code().map(tokio_postgres::error::SqlState::code),
            Some("23503")
        );
    }
}
