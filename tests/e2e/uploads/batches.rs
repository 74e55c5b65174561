//! R-U3: many files in one call, five of which are sent at a time.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::sender::{Sender, bytes, let_in, start};
use support::{Person, Socket};

use super::{Desk, MIB, desk};

fn files(desk: &Desk, count: usize, size: u64) -> Vec<Value> {
    let name = |n| format!("{n:02}.bin");
    (0..count)
        .map(|n| start(&desk.room, &name(n), size, "none"))
        .collect()
}

async fn begin(person: &Person, files: Vec<Value>) -> Value {
    let answer = person.post("/v1/uploads/batch", json!({ "uploads": files }));
    answer.await.ok()
}

fn states(results: &Value) -> Vec<&str> {
    let results = results.as_array().expect("a list").iter();
    let state = |result: &'_ Value| match &result["problem"]["code"] {
        Value::String(_) => "refused",
        _ => match result["started"]["upload"]["state"].as_str() {
            Some("in_progress") => "sending",
            Some("pending") => "waiting",
            other => panic!("{other:?}"),
        },
    };
    results.map(state).collect()
}

fn id(path: &Value) -> String {
    path.as_str().expect("an id").to_owned()
}

impl Desk {
    /// How many uploads of the person are in this state.
    async fn count(&self, state: &str) -> usize {
        let path = format!("/v1/uploads?state={state}&limit=100");
        let listed = self.person.get(&path).await.ok();
        listed["items"].as_array().map_or(0, Vec::len)
    }
}

#[tokio::test]
async fn r_u3_a_batch_has_a_result_for_each_file_one_progress_and_one_cancel() {
    let desk = desk().await;
    let size = MIB as u64;
    let mut wanted = files(&desk, 10, size);
    wanted[1]["name"] = json!("setup.exe");
    wanted[2]["name"] = json!("a/b");
    wanted[3]["room_id"] = json!(uuid::Uuid::nil());
    let begun = begin(&desk.person, wanted).await;
    // S3 had begun the first five that could be read; one of them was refused, so a place is left for a fifth.
    let states = states(&begun["results"]);
    assert_eq!(states[..4], ["sending", "refused", "refused", "refused"]);
    assert_eq!(
        states.iter().filter(|state| **state == "sending").count(),
        4
    );
    assert_eq!(
        states.iter().filter(|state| **state == "waiting").count(),
        3
    );
    let code = |n: usize| begun["results"][n]["problem"]["code"].clone();
    assert_eq!(
        [code(1), code(2), code(3)],
        [json!("type_blocked"), json!("invalid"), json!("not_found")]
    );
    assert_eq!(desk.storage().await, (0, 7 * size));

    let batch = format!("/v1/uploads/batches/{}", id(&begun["batch_id"]));
    let sender = Sender::resume(&begun["results"][0]["started"]["upload"], bytes(MIB, 1));
    sender.send_all(&desk.person).await;
    let file = sender.complete(&desk.person).await.ok();
    let seen = desk.person.get(&batch).await.ok();
    assert_eq!(seen["uploads"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        (&seen["completed"], &seen["sending"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(seen["progress"]["bytes"], MIB);
    assert_eq!(seen["progress"]["total"], 7 * MIB);
    assert_eq!(seen["progress"]["percent"], 14.2);

    let stranger = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &stranger, "full").await;
    assert_eq!(stranger.get(&batch).await.refusal(), (404, "not_found"));
    assert_eq!(stranger.delete(&batch).await.refusal(), (404, "not_found"));
    assert_eq!(desk.person.delete(&batch).await.status, 204);
    assert_eq!(desk.person.delete(&batch).await.status, 204);
    let seen = desk.person.get(&batch).await.ok();
    assert_eq!((&seen["ended"], &seen["completed"]), (&json!(6), &json!(1)));
    assert_eq!(seen["progress"]["percent"], 100.0);
    assert_eq!(desk.storage().await, (size, 0));
    let file = format!("/v1/files/{}", id(&file["id"]));
    assert_eq!(desk.person.get(&file).await.status, 200);
}

#[tokio::test]
async fn r_u3_what_waits_starts_by_itself_when_one_ends() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let begun = begin(&desk.person, files(&desk, 7, 5)).await;
    let results = &begun["results"];
    let upload = |n: usize| &results[n]["started"]["upload"];
    assert_eq!(states(results)[4..], ["sending", "waiting", "waiting"]);
    assert_eq!(results[5]["started"]["parts"], json!([]));
    let waiting = Sender::resume(upload(5), bytes(5, 5));
    let early = waiting.sign(&desk.person, &[1]).await;
    assert_eq!(early.refusal(), (409, "too_many_uploads"));
    let early = waiting.complete(&desk.person).await;
    assert_eq!(early.refusal(), (409, "upload_incomplete"));

    let first = Sender::resume(upload(0), bytes(5, 0));
    first.send_all(&desk.person).await;
    drop(first.complete(&desk.person).await.ok());
    let started = |event: &Value| {
        event["type"] == "upload.progress"
            && event["data"]["upload_id"] == upload(5)["id"]
            && event["data"]["state"] == "in_progress"
    };
    socket.event(started).await;
    assert_eq!(waiting.see(&desk.person).await["state"], "in_progress");
    let path = format!("/v1/uploads/{}", id(&upload(1)["id"]));
    assert_eq!(desk.person.delete(&path).await.status, 204);
    assert_eq!(desk.count("in_progress").await, 5);
    assert_eq!(desk.count("pending").await, 0);
    waiting.send_all(&desk.person).await;
    assert_eq!(waiting.complete(&desk.person).await.ok()["size"], 5);
}

#[tokio::test]
async fn r_u3_signing_a_waiting_one_starts_it_when_a_place_is_free() {
    let desk = desk().await;
    let begun = begin(&desk.person, files(&desk, 6, 5)).await;
    let last = &begun["results"][5]["started"]["upload"];
    // As if whoever ended the first had died before it came to those that wait.
    let first = id(&begun["results"][0]["started"]["upload"]["id"]);
    desk.sql(&format!(
        "update uploads set state = 'cancelled', reserved = 0, ended_at = now() where id = '{first}'"
    ))
    .await;
    let sender = Sender::resume(last, bytes(5, 5));
    let signed = join_all((0..4).map(|_| sender.sign(&desk.person, &[1]))).await;
    for answer in signed {
        assert_eq!(answer.status, 200, "{answer:#?}");
    }
    sender.send_all(&desk.person).await;
    assert_eq!(sender.complete(&desk.person).await.ok()["size"], 5);
}

#[tokio::test]
async fn r_u3_never_more_than_five_send_however_many_batches_come_at_once() {
    let desk = desk().await;
    let batches = join_all((0..5).map(|_| begin(&desk.person, files(&desk, 10, 5)))).await;
    let all: Vec<&str> = batches
        .iter()
        .flat_map(|batch| states(&batch["results"]))
        .collect();
    assert_eq!((all.len(), all.contains(&"refused")), (50, false));
    assert_eq!(desk.count("in_progress").await, 5);
    assert_eq!(desk.count("pending").await, 45);
    assert_eq!(desk.storage().await, (0, 50 * 5));
    let single = start(&desk.room, "a.bin", 5, "none");
    let single = desk.person.post("/v1/uploads", single).await;
    assert_eq!(single.refusal(), (409, "too_many_uploads"));
}

#[tokio::test]
async fn r_u3_one_to_fifty_files_a_call_and_the_quota_goes_in_order() {
    let desk = desk().await;
    for count in [0, 51] {
        let body = json!({ "uploads": files(&desk, count, 5) });
        let answer = desk.person.post("/v1/uploads/batch", body).await;
        let fields = [("uploads".to_owned(), "out_of_range".to_owned())];
        assert_eq!(answer.fields(), fields);
    }
    // 50 GB in all: five of 9 GB fit, a sixth does not, and a small one behind it does.
    let mut wanted = files(&desk, 6, 9_000_000_000);
    wanted.extend(files(&desk, 1, 5));
    let begun = begin(&desk.person, wanted).await;
    let codes: Vec<&Value> = (0..7)
        .map(|n| &begun["results"][n]["problem"]["code"])
        .collect();
    assert_eq!(codes[5], "quota_exceeded");
    assert_eq!(codes.iter().filter(|code| code.is_null()).count(), 6);
    assert_eq!(desk.storage().await, (0, 45_000_000_005));
}
