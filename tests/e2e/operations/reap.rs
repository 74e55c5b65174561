//! R-O3: what only grows is removed when its time is over, in bounded batches.

use serde_json::{Value, json};
use store::Store;
use support::person::fresh_email;
use support::rest::fresh_id;
use support::{Person, Stack};
use time::macros::datetime;

async fn count(stack: &Stack, sql: &str) -> i64 {
    stack.query(sql).await[0].get(0)
}

async fn run(stack: &Stack, sql: &str) {
    stack.execute(sql, &[]).await.expect("done");
}

/// One session ended a month ago; the other one's first token was used nine days ago.
async fn age(stack: &Stack, ended: &Person, young: &Person) {
    let sql = format!(
        "update sessions set revoked_at = now() - interval '31 days' where id = '{}'",
        ended.session
    );
    run(stack, &sql).await;
    let sql = format!(
        "update refresh_tokens set used_at = now() - interval '9 days'
         where session_id = '{}' and used_at is not null",
        young.session
    );
    run(stack, &sql).await;
}

async fn fail_once(stack: &Stack) -> String {
    let email = fresh_email();
    stack.fail_sign_ins(&email, 1).await;
    email
}

#[tokio::test]
async fn r_o3_a_day_forgets_old_failures_sessions_and_used_tokens_and_keeps_young_ones() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let (ended, young) = (
        Person::login(stack, &owner.email).await,
        Person::login(stack, &owner.email).await,
    );
    let used = json!({ "refresh_token": young.refresh_token });
    young.post("/v1/auth/refresh", used).await.ok();
    let (old, fresh) = (fail_once(stack).await, fail_once(stack).await);
    stack.age_sign_in_failures(&old, 31 * 24 * 60).await;
    stack.age_sign_in_failures(&fresh, 29 * 24 * 60).await;
    age(stack, &ended, &young).await;

    let report: Value = stack.invoke("reap", json!({ "job": "day" })).await;
    assert_eq!(report["failed"], json!({}));
    assert_eq!(stack.sign_in_failures(&old).await, 0);
    assert_eq!(stack.sign_in_failures(&fresh).await, 1);
    let sessions = format!(
        "select count(*) from sessions where user_id = '{}'",
        owner.id
    );
    assert_eq!(count(stack, &sessions).await, 2);
    let tokens = format!(
        "select count(*) from refresh_tokens where session_id = '{}'",
        young.session
    );
    assert_eq!(count(stack, &tokens).await, 1, "the one that is good");
    assert_eq!(young.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn r_o3_a_purge_takes_no_more_than_its_batch() {
    let stack = Stack::get().await;
    let store: Store = stack.store();
    // Long before anything that another test makes.
    for n in 0..5 {
        let hash = fresh_id().simple().to_string();
        run(
            stack,
            &format!(
                "insert into sign_in_failures (email_hash, failures, last_at)
                 values ('{hash}', 1, timestamptz '1999-01-01Z' + interval '{n} days')"
            ),
        )
        .await;
    }
    let before = datetime!(2000-01-01 00:00 UTC);
    let mut gone = Vec::new();
    while gone.last() != Some(&0) {
        let purged = store.purge_sign_in_failures(before, 2).await;
        gone.push(purged.expect("Postgres answers"));
    }
    assert_eq!(gone, [2, 2, 1, 0]);
}
