//! `Idempotency-Key`: a creating call that comes again is answered, not carried out again.

use domain::UserId;
use futures_util::future::join_all;
use live::idempotency::{Answer, Begun};
use serde_json::json;
use support::person::PASSWORD;
use support::rest::{Call, fresh_id};
use support::{Person, Stack, quiet_live};
use time::Duration;

use super::text;

fn create(person: &Person, name: &str, key: &str) -> Call {
    let body = json!({ "name": name, "type": "private" });
    person
        .post("/v1/chatrooms", body)
        .header("idempotency-key", key)
}

async fn rooms(person: &Person) -> usize {
    let rooms = person.get("/v1/chatrooms").await.ok();
    rooms["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_does_nothing() {
    let owner = Person::register(Stack::get().await).await;
    let key = fresh_id().to_string();
    let first = create(&owner, "대회의실", &key).await;
    assert_eq!(first.status, 201, "{first:#?}");
    assert_eq!(first.header("idempotent-replayed"), "");
    for _ in 0..3 {
        let again = create(&owner, "대회의실", &key).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    assert_eq!(rooms(&owner).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_body_of_one_route() {
    let owner = Person::register(Stack::get().await).await;
    let key = fresh_id().to_string();
    let room = create(&owner, "일층 방", &key).await.ok();
    let other = create(&owner, "이층 방", &key).await;
    assert_eq!(other.refusal(), (409, "idempotency_key_reused"));
    let path = format!("/v1/chatrooms/{}/messages", text(&room["id"]));
    let elsewhere = owner.post(&path, json!({ "name": "일층 방", "type": "private" }));
    let elsewhere = elsewhere.header("idempotency-key", &key).await;
    assert_eq!(elsewhere.refusal(), (409, "idempotency_key_reused"));
    assert_eq!(rooms(&owner).await, 1);
}

#[tokio::test]
async fn while_one_runs_no_other_does() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let key = fresh_id().to_string();
    // The first is held in the middle of its work, so that the others surely come meanwhile.
    let held = stack.hold_company(owner.company).await;
    let others = async {
        held.is_wanted().await;
        let calls = (0..11).map(|_| create(&owner, "소회의실", &key).into_future());
        for answer in join_all(calls).await {
            assert_eq!(answer.refusal(), (409, "in_progress"));
            assert_eq!(answer.header("retry-after"), "1");
        }
        drop(held);
    };
    let first = create(&owner, "소회의실", &key).into_future();
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(first.status, 201, "{first:#?}");
    let again = create(&owner, "소회의실", &key).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), first.body);
    assert_eq!(rooms(&owner).await, 1);
}

#[tokio::test]
async fn a_dead_call_frees_its_key_after_35_seconds_and_an_answer_is_kept_for_a_day() {
    let live = quiet_live(Stack::get().await);
    let (user, key, now) = (
        UserId(fresh_id()),
        fresh_id().to_string(),
        app::clock::now(),
    );
    let begin = async |digest, after| {
        let at = now + after;
        let begun = live.idempotency_begin(user, &key, digest, at).await;
        begun.expect("DynamoDB answers")
    };
    assert_eq!(begin("a", Duration::ZERO).await, Begun::Run);
    assert_eq!(begin("a", Duration::seconds(34)).await, Begun::Running);
    assert_eq!(begin("b", Duration::seconds(34)).await, Begun::Reused);
    assert_eq!(begin("a", Duration::seconds(36)).await, Begun::Run);
    // The lease is the second call's now.
    assert_eq!(begin("a", Duration::seconds(70)).await, Begun::Running);

    let answer = Answer {
        status: 201,
        content_type: "application/json".to_owned(),
        etag: String::new(),
        body: "{}".to_owned(),
    };
    let kept = live.idempotency_finish(user, &key, "a", &answer, now);
    kept.await.expect("DynamoDB answers");
    assert_eq!(begin("a", Duration::hours(23)).await, Begun::Replay(answer));
    assert_eq!(begin("b", Duration::hours(23)).await, Begun::Reused);
    assert_eq!(begin("b", Duration::hours(25)).await, Begun::Run);
}

#[tokio::test]
async fn a_key_is_its_persons_own() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let juno = stack.person_in(&owner).await;
    let key = fresh_id().to_string();
    let mine = create(&owner, "내 방", &key).await.ok();
    let theirs = create(&juno, "네 방", &key).await.ok();
    assert_ne!(mine["id"], theirs["id"]);
    assert_eq!(theirs["name"], "네 방");
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let owner = Person::register(Stack::get().await).await;
    let key = fresh_id().to_string();
    let too_short = create(&owner, "짧", &key).await;
    assert_eq!(too_short.refusal(), (422, "invalid"));
    assert_eq!(create(&owner, "긴 이름", &key).await.status, 201);
}

#[tokio::test]
async fn a_key_that_is_none_is_named() {
    let owner = Person::register(Stack::get().await).await;
    for key in ["", &"k".repeat(129)] {
        let answer = create(&owner, "아무 방", key).await;
        assert_eq!(answer.refusal(), (422, "invalid"));
        assert_eq!(answer.fields()[0].0, "Idempotency-Key");
    }
    assert_eq!(rooms(&owner).await, 0);
}

#[tokio::test]
async fn tokens_are_never_kept_to_be_answered_again() {
    let owner = Person::register(Stack::get().await).await;
    let key = fresh_id().to_string();
    let login = async || {
        let body = json!({ "email": owner.email, "password": PASSWORD });
        let call = owner.post("/v1/auth/login", body);
        call.header("idempotency-key", &key).await.ok()
    };
    let (first, second) = (login().await, login().await);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
}
