//! R-F3 when calls of the function come early, late, twice, in vain or never.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::Socket;
use support::craft::fixture;
use support::sender::{bucket, upload};

use super::desk;
use super::finishing::ready_with;

#[tokio::test]
async fn r_f3_previews_come_before_their_file_or_after_it_and_are_told_once() {
    let ready = ready_with(fixture("frames.gif")).await;
    let call = json!({ "key": ready.upload.key });
    ready.join().await;
    ready.assemble().await;
    // S3's event is there before any row of the file, and twice at once.
    let calls = [1, 2].map(|_| ready.desk.stack.invoke("previews", call.clone()));
    join_all(calls).await;
    let file = ready.sender.complete(&ready.desk.person).await.ok();
    assert_eq!(file["preview"]["state"], "ready");
    let calls = (0..4).map(|_| ready.desk.stack.invoke("previews", call.clone()));
    join_all(calls).await;
    assert_eq!(
        ready.desk.told("file.preview", &file).await,
        [] as [Value; 0]
    );

    // As if the file had been there first.
    let forget = "update uploads set preview = null, preview_tries = 0 where key = ";
    let key = &ready.upload.key;
    ready.desk.sql(&format!("{forget}'{key}'")).await;
    ready
        .desk
        .sql(&format!(
            "update blobs set preview = null where key = '{key}'"
        ))
        .await;
    let id = file["id"].as_str().expect("an id");
    ready
        .desk
        .sql(&format!("delete from file_news where file_id = '{id}'"))
        .await;
    let calls = (0..4).map(|_| ready.desk.stack.invoke("previews", call.clone()));
    join_all(calls).await;
    let told = ready.desk.told("file.preview", &file).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["data"]["preview"], file["preview"]);
}

#[tokio::test]
async fn r_f3_nothing_stays_of_content_that_nobody_needs() {
    let ready = ready_with(fixture("frames.gif")).await;
    let path = format!("/v1/uploads/{}", ready.sender.id);
    assert_eq!(ready.desk.person.delete(&path).await.status, 204);
    // The event of an object that came to be all the same, late.
    let files = bucket(&ready.desk.stack);
    let key = &ready.upload.key;
    let put = files
        .put(key, fixture("frames.gif").to_vec(), "image/gif")
        .await;
    put.expect("S3 answers");
    ready
        .desk
        .stack
        .invoke("previews", json!({ "key": key }))
        .await;
    let preview = domain::preview::Size::Small.key(key);
    assert_eq!(files.head(&preview).await.expect("S3 answers"), None);
    // An object that is gone, and one that was never ours.
    files.delete(key).await.expect("S3 answers");
    ready
        .desk
        .stack
        .invoke("previews", json!({ "key": key }))
        .await;
    ready
        .desk
        .stack
        .invoke("previews", json!({ "key": "nobody/knows" }))
        .await;
}

#[tokio::test]
async fn r_f3_a_file_that_breaks_the_function_is_given_up() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.gif", fixture("frames.gif")).await;
    let key = desk.key(&file).await;
    desk.previewed(&file).await;
    // As three instances left it that died over it.
    desk.sql(&format!(
        "update uploads set preview = null, preview_tries = 3, preview_tried_at = now() - interval '1 hour'
         where key = '{key}'"
    ))
    .await;
    desk.sql(&format!(
        "update blobs set preview = null where key = '{key}'"
    ))
    .await;
    let file = desk.previewed(&file).await;
    assert_eq!(file["preview"]["state"], "unavailable");
    assert_eq!(file["preview"]["reason"], "failed");
}

#[tokio::test]
async fn r_f3_a_file_that_breaks_the_function_is_given_up_however_often_it_is_asked_for() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.gif", fixture("frames.gif")).await;
    let key = desk.key(&file).await;
    desk.previewed(&file).await;
    desk.sql(&format!(
        "update blobs set preview = null where key = '{key}'"
    ))
    .await;
    // The last of three instances set out a minute and a half ago: it may still be at work.
    desk.sql(&format!(
        "update uploads set preview = null, preview_tries = 3, preview_tried_at = now() - interval '90 seconds'
         where key = '{key}'"
    ))
    .await;
    let asked = desk.previewed(&file).await;
    assert_eq!(asked["preview"]["state"], "pending");
    // The reaper asks every minute.
    desk.sql(&format!(
        "update uploads set preview_tried_at = preview_tried_at - interval '1 minute' where key = '{key}'"
    ))
    .await;
    let asked = desk.previewed(&file).await;
    assert_eq!(asked["preview"]["reason"], "failed");
}

#[tokio::test]
async fn r_f3_a_lost_call_is_made_again() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.gif", fixture("frames.gif")).await;
    let key = desk.key(&file).await;
    desk.previewed(&file).await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    desk.sql(&format!(
        "update uploads set preview = null where key = '{key}'"
    ))
    .await;
    desk.sql(&format!(
        "update blobs set preview = null, created_at = created_at - interval '1 hour' where key = '{key}'"
    ))
    .await;
    let id = file["id"].as_str().expect("an id");
    desk.sql(&format!("delete from file_news where file_id = '{id}'"))
        .await;
    desk.reap("minute").await;
    socket
        .event(|event| event["type"] == "file.preview" && event["data"]["file_id"] == id)
        .await;
}
