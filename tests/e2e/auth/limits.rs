//! R-A3: how often one may be wrong.

use std::time::{Duration, Instant};

use support::person::{PASSWORD, fresh_email};
use support::{Person, Rest, Stack};

use super::login;

const WRONG: &str = "Wrong-2026";

#[tokio::test]
async fn r_a3_after_five_failures_an_address_waits() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    for _ in 0..5 {
        // Each time another account, so that only the address can be what is counted.
        let answer = login(&rest, &fresh_email(), WRONG).await;
        assert_eq!(answer.refusal(), (401, "credentials_invalid"));
    }
    let answer = login(&rest, &owner.email, PASSWORD).await;
    assert_eq!(answer.refusal(), (429, "rate_limited"));
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    // From elsewhere the same person comes in.
    let elsewhere = Rest::anonymous(stack);
    assert_eq!(login(&elsewhere, &owner.email, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn r_a3_failures_at_once_are_counted_exactly() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let emails: Vec<_> = (0..12).map(|_| fresh_email()).collect();
    let tries = emails.iter().map(|email| login(&rest, email, WRONG));
    let answers = futures_util::future::join_all(tries).await;
    let count = |status: u16| answers.iter().filter(|it| it.status == status).count();
    assert_eq!((count(401), count(429)), (5, 7), "{answers:#?}");
}

#[tokio::test]
async fn r_a3_a_crowd_behind_one_address_comes_in() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let tries = (0..10).map(|_| login(&rest, &owner.email, PASSWORD));
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.iter().all(|it| it.status == 200), "{answers:#?}");
}

#[tokio::test]
async fn r_a3_five_failures_in_a_row_lock_known_and_unknown_accounts_alike() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let unknown = fresh_email();
    let mut told = Vec::new();
    for email in [&owner.email, &unknown] {
        for _ in 0..5 {
            let rest = Rest::anonymous(stack);
            let answer = login(&rest, email, WRONG).await;
            assert_eq!(answer.refusal(), (401, "credentials_invalid"));
        }
        // Even the right password, from an address that never failed.
        let answer = login(&Rest::anonymous(stack), email, PASSWORD).await;
        assert_eq!(answer.refusal(), (423, "account_locked"));
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        // Fifteen minutes, some of which a busy machine may have taken; an address would wait for five.
        assert!((301..=900).contains(&wait), "{wait}");
        let mut body = answer.body.clone();
        body["request_id"].take();
        told.push(body);
    }
    assert_eq!(told[0], told[1]);
    let actions = stack.audit_actions(owner.company).await;
    assert_eq!(actions.last().map(String::as_str), Some("sign_in.locked"));
}

#[tokio::test]
async fn r_a3_a_lock_ends_after_15_minutes_and_the_count_starts_anew() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    // Failures spread over more than five minutes, as far as the door of Redis knows.
    stack.fail_sign_ins(&owner.email, 5).await;
    let answer = login(&rest, &owner.email, PASSWORD).await;
    assert_eq!(answer.refusal(), (423, "account_locked"));
    stack.age_sign_in_failures(&owner.email, 14).await;
    assert_eq!(login(&rest, &owner.email, PASSWORD).await.status, 423);
    stack.age_sign_in_failures(&owner.email, 1).await;
    assert_eq!(login(&rest, &owner.email, WRONG).await.status, 401);
    assert_eq!(login(&rest, &owner.email, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn r_a3_success_ends_a_row_of_failures() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    for password in [WRONG, WRONG, PASSWORD, WRONG, WRONG] {
        let answer = login(&Rest::anonymous(stack), &owner.email, password).await;
        let expected = if password == WRONG { 401 } else { 200 };
        assert_eq!(answer.status, expected);
    }
    let answer = login(&Rest::anonymous(stack), &owner.email, PASSWORD).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn r_a3_answers_take_the_same_time_whether_or_not_the_account_exists() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let mut bodies = Vec::new();
    for email in [owner.email.clone(), fresh_email()] {
        let rest = Rest::anonymous(stack);
        let began = Instant::now();
        let answer = login(&rest, &email, WRONG).await;
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(500), "{email}: {took:?}");
        let mut body = answer.body.clone();
        body["request_id"].take();
        bodies.push((answer.status, body));
    }
    assert_eq!(bodies[0], bodies[1]);
}
