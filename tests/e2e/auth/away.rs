//! What happens at the door when Redis is away; on a stack of its own.

use std::time::Duration;

use serde_json::json;
use support::launch::Launch;
use support::person::PASSWORD;
use support::{Person, Rest};

use super::login;

#[tokio::test]
async fn r_a3_when_redis_is_away_nobody_signs_in_uncounted() {
    let running = Launch::temporary().start().expect("the stack starts");
    let stack = &running.stack;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    stack.order("redis/stop").await;

    let answer = login(&rest, &owner.email, PASSWORD).await;
    assert_eq!(answer.refusal(), (503, "unavailable"));
    assert!(!answer.header("retry-after").is_empty());
    // Who is in goes on.
    let body = json!({"refresh_token": owner.refresh_token});
    assert_eq!(rest.post("/v1/auth/refresh", body).await.status, 200);
    assert_eq!(owner.get("/v1/me").await.status, 200);
    // R-O4: it is told which one is away.
    let ready = rest.get("/health/ready").await;
    assert_eq!(ready.refusal(), (503, "unavailable"));
    let states: Vec<_> = ready.body["dependencies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["name"].clone(), it["state"].clone()))
        .collect();
    assert!(
        states.contains(&(json!("redis"), json!("down"))),
        "{states:?}"
    );
    assert!(
        states.contains(&(json!("postgres"), json!("up"))),
        "{states:?}"
    );

    stack.order("redis/start").await;
    let back = async { while login(&rest, &owner.email, PASSWORD).await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), back)
        .await
        .expect("people sign in again");
}
