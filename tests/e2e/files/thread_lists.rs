//! R-F1, R-F4, R-F5: the files of a thread, as they are listed, come and go.

use serde_json::json;
use support::Person;
use support::sender::room;

use super::{Shelf, ids, put};

/// The ids of a list by its query.
pub(super) async fn listed(person: &Person, query: &str) -> Vec<String> {
    ids(&person.get(&format!("/v1/files?{query}")).await.ok())
}

#[tokio::test]
async fn r_f1_a_thread_has_the_file_that_it_was_made_from() {
    let shelf = Shelf::with("처음.pdf").await;
    let (thread, made_from) = shelf.thread(&shelf.room, "회의").await;
    let in_thread = format!("thread_id={thread}");
    assert_eq!(
        listed(&shelf.owner, &in_thread).await,
        std::slice::from_ref(&made_from)
    );
    // It goes and comes back with the file, and may be taken out like any other.
    let file = format!("/v1/files/{made_from}");
    assert_eq!(shelf.owner.delete(&file).await.status, 204);
    assert!(listed(&shelf.owner, &in_thread).await.is_empty());
    let restored = shelf
        .owner
        .post(&format!("{file}/restore"), json!({}))
        .await;
    assert_eq!(restored.ok()["in_threads"], json!([thread]));
    let event = shelf.last_event(&shelf.room).await;
    assert_eq!(event["data"]["thread_ids"], json!([thread]));
    assert_eq!(listed(&shelf.owner, &in_thread).await.len(), 1);
    let inside = format!("{file}/threads/{thread}");
    assert_eq!(shelf.owner.delete(&inside).await.status, 204);
    assert!(listed(&shelf.owner, &in_thread).await.is_empty());
    assert!(shelf.owner.get(&file).await.status.is_success());
}

/// A thread of the shelf's room with the shelf's file, one that it was made from, and four of `writer`'s: all of them,
/// newest first.
async fn filled(shelf: &Shelf, writer: &Person) -> (String, Vec<String>) {
    let (thread, made_from) = shelf.thread(&shelf.room, "보고.pdf").await;
    let mut inside = vec![made_from, shelf.file.clone()];
    for seed in 0..4 {
        let name = format!("회의 {seed}.txt");
        inside.insert(0, put(writer, &shelf.room, &name, 100, seed + 20).await);
    }
    for file in &inside {
        let path = format!("/v1/files/{file}/threads/{thread}");
        assert_eq!(writer.put(&path, json!({})).await.status, 204);
    }
    (thread, inside)
}

#[tokio::test]
async fn r_f4_files_are_found_in_a_thread() {
    let shelf = Shelf::with("주간 회의록.hwp").await;
    let writer = shelf.colleague("full").await;
    let (thread, inside) = filled(&shelf, &writer).await;
    let left_out = put(&writer, &shelf.room, "회의 밖.txt", 100, 30).await;
    let (_, elsewhere) = shelf.thread(&shelf.room, "회의 둘째.pdf").await;
    let find = async |query: &str| {
        let list = format!("thread_id={thread}{query}");
        listed(&shelf.owner, &list).await
    };
    assert_eq!(find("").await, inside);
    assert!(!inside.contains(&left_out) && !inside.contains(&elsewhere));
    assert_eq!(find("&state=available").await, inside);
    assert_eq!(find(&format!("&room_id={}", shelf.room)).await, inside);
    let meetings = [&inside[..4], &inside[5..]].concat();
    assert_eq!(find("&q=회의").await, meetings);
    assert_eq!(find("&q=ㅎㅇ").await, meetings);
    let theirs = format!("&uploader_id={}", writer.id);
    assert_eq!(find(&theirs).await, inside[..4]);
    assert_eq!(find("&min_size=1000").await, inside[5..]);
    assert!(find("&state=quarantined").await.is_empty());
}

#[tokio::test]
async fn r_f4_a_threads_files_come_in_pages() {
    let shelf = Shelf::with("처음.hwp").await;
    let other = room(&shelf.owner, "다른 방").await;
    let (thread, inside) = filled(&shelf, &shelf.owner).await;
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/files?thread_id={thread}&limit=2{cursor}");
        let page = shelf.owner.get(&path).await.ok();
        pages.push(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        pages,
        inside.chunks(2).map(<[_]>::to_vec).collect::<Vec<_>>()
    );
    let refused = async |query: &str| {
        let path = format!("/v1/files?thread_id={thread}{query}");
        let answer = shelf.owner.get(&path).await;
        answer.status.as_u16()
    };
    assert_eq!(refused(&format!("&room_id={other}")).await, 404);
    assert_eq!(refused("&state=deleted").await, 422);
    assert_eq!(refused("&state=pinned").await, 422);
}

#[tokio::test]
async fn r_f5_what_is_removed_for_good_leaves_its_threads() {
    let shelf = Shelf::with("a.pdf").await;
    let (thread, made_from) = shelf.thread(&shelf.room, "회의").await;
    assert_eq!(shelf.add(&shelf.owner, &thread).await, 204);
    assert_eq!(shelf.owner.delete(&shelf.path("")).await.status, 204);
    shelf.age(31).await;
    shelf.reap("hour").await;
    let id: uuid::Uuid = shelf.file.parse().expect("an id");
    let sql = "delete from thread_files where file_id = $1";
    assert_eq!(shelf.stack.execute(sql, &[&id]).await.expect("done"), 0);
    let query = format!("thread_id={thread}");
    assert_eq!(listed(&shelf.owner, &query).await, [made_from]);
}
