//! R-U3 and R-U7: how many at once, how much in all; exact under any number of calls at once.

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use support::Person;
use support::sender::{Sender, bytes, let_in, start};

use super::{MIB, desk};

const GB: u64 = 1_000_000_000;

#[tokio::test]
async fn r_u3_a_sixth_upload_waits_until_one_of_five_is_done() {
    let desk = desk().await;
    let body = |n: u32| start(&desk.room, &format!("{n}.bin"), 5, "none");
    let begun =
        join_all((0..12).map(|n| desk.person.post("/v1/uploads", body(n)).into_future())).await;
    let (good, refused): (Vec<_>, Vec<_>) =
        begun.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(good.len(), 5);
    for answer in &refused {
        assert_eq!(answer.refusal(), (409, "too_many_uploads"));
        assert_eq!(answer.body["limit"], 5);
    }
    let first = good[0].body["upload"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let path = format!("/v1/uploads/{first}");
    assert_eq!(desk.person.delete(&path).await.status, 204);
    assert_eq!(desk.person.delete(&path).await.status, 204);
    assert_eq!(desk.person.post("/v1/uploads", body(99)).await.status, 201);
    assert_eq!(
        desk.person.post("/v1/uploads", body(100)).await.refusal(),
        (409, "too_many_uploads")
    );
}

#[tokio::test]
async fn r_u7_a_hundred_at_once_never_get_more_than_what_is_left() {
    let desk = desk().await;
    // Signing in is slow on purpose: a few at a time.
    let people: Vec<Person> = stream::iter(0..20)
        .map(|_| desk.stack.person_in(&desk.person))
        .buffered(3)
        .collect()
        .await;
    for person in &people {
        let_in(&desk.person, &desk.room, person, "full").await;
    }
    for n in 0..4 {
        let body = start(&desk.room, &format!("{n}.bin"), 10 * GB, "none");
        assert_eq!(desk.person.post("/v1/uploads", body).await.status, 201);
    }
    assert_eq!(desk.storage().await, (0, 40 * GB));
    // 10 GB are left: room for twelve of the hundred.
    let size = 800_000_000;
    let begin = |person: &Person, n: usize| {
        person
            .post(
                "/v1/uploads",
                start(&desk.room, &format!("{n}.bin"), size, "none"),
            )
            .into_future()
    };
    let tries = people
        .iter()
        .enumerate()
        .flat_map(|(n, person)| (0..5).map(move |k| (person, n * 5 + k)));
    let answers = join_all(tries.map(|(person, n)| begin(person, n))).await;
    assert_eq!(answers.len(), 100);
    let good = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(good, 12);
    assert_eq!(desk.storage().await, (0, 40 * GB + 12 * size));
    let refused = answers
        .iter()
        .find(|answer| answer.status != 201)
        .expect("a refusal");
    assert_eq!(refused.refusal(), (413, "quota_exceeded"));
    assert_eq!(refused.body["limit_bytes"], 50 * GB);
    assert_eq!(refused.body["size"], size);
    assert!(refused.body["available_bytes"].as_u64().expect("a number") < 10 * GB);
    let storage = desk.person.get("/v1/company/storage").await.ok();
    assert_eq!(storage["warning"], "critical");
    assert_eq!(storage["available_bytes"], 10 * GB - 12 * size);
}

#[tokio::test]
async fn r_u7_a_reservation_is_given_back_when_an_upload_ends() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(3 * MIB, 1)).await;
    assert_eq!(desk.storage().await, (0, 3 * MIB as u64));
    let path = format!("/v1/uploads/{}", sender.id);
    assert_eq!(desk.person.delete(&path).await.status, 204);
    assert_eq!(desk.storage().await, (0, 0));
    assert_eq!(
        sender.complete(&desk.person).await.refusal(),
        (409, "upload_state")
    );
}

#[tokio::test]
async fn r_u1_one_byte_over_the_plans_file_limit_is_refused() {
    let desk = desk().await;
    let begin = async |size: u64| {
        let body = start(&desk.room, "a.bin", size, "none");
        desk.person.post("/v1/uploads", body).await
    };
    assert_eq!(begin(10 * GB).await.status, 201);
    let over = begin(10 * GB + 1).await;
    assert_eq!(over.refusal(), (413, "file_too_large"));
    assert_eq!(over.body["limit_bytes"], 10 * GB);
    let beyond = begin(53_687_091_200_001).await;
    assert_eq!(
        beyond.fields(),
        [("size".to_owned(), "out_of_range".to_owned())]
    );
    let negative = json!({"room_id": desk.room, "name": "a", "size": -1, "checksum": "none"});
    let negative = desk.person.post("/v1/uploads", negative).await;
    assert_eq!(negative.refusal(), (422, "invalid"));
}

#[tokio::test]
async fn r_u1_idempotency_key_makes_one_upload_of_many_tries() {
    let desk = desk().await;
    let body = start(&desk.room, "a.bin", 5, "none");
    let begin = async || {
        let call = desk.person.post("/v1/uploads", body.clone());
        call.header("idempotency-key", "one-upload-please").await
    };
    let first = begin().await.ok();
    assert_eq!(begin().await.ok(), first);
    assert_eq!(desk.storage().await, (0, 5));
}
