//! R-A2: refresh tokens, sessions, signing out.

use serde_json::{Value, json};
use support::{Answer, Person, Rest, Stack};

use super::login;

async fn refresh(rest: &Rest, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    rest.post("/v1/auth/refresh", body).await
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[tokio::test]
async fn r_a2_a_refresh_token_is_good_for_one_use() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let first = refresh(&rest, &owner.refresh_token).await.ok();
    assert_ne!(refresh_token(&first), owner.refresh_token);
    assert_eq!(first["session_id"], json!(owner.session));
    let second = refresh(&rest, &refresh_token(&first)).await.ok();
    let person = Person::signed_in(&rest, &second);
    assert_eq!(person.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn r_a2_a_used_refresh_token_ends_its_whole_session() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let elsewhere = Person::login(stack, &owner.email).await;
    let rest = Rest::anonymous(stack);
    let next = refresh(&rest, &owner.refresh_token).await.ok();
    let reused = refresh(&rest, &owner.refresh_token).await;
    assert_eq!(reused.refusal(), (401, "session_ended"));
    let newest = refresh(&rest, &refresh_token(&next)).await;
    assert_eq!(newest.refusal(), (401, "session_ended"));
    let me = owner.get("/v1/me").await;
    assert_eq!(me.refusal(), (401, "session_ended"));
    // Another session of the same person has nothing to do with it.
    assert_eq!(refresh(&rest, &elsewhere.refresh_token).await.status, 200);
    let actions = stack.audit_actions(owner.company).await;
    let reuses = actions.iter().filter(|it| *it == "session.token_reused");
    assert_eq!(reuses.count(), 1);
}

#[tokio::test]
async fn r_a2_of_many_uses_at_once_exactly_one_wins_and_the_session_ends() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let uses = (0..8).map(|_| refresh(&rest, &owner.refresh_token));
    let answers = futures_util::future::join_all(uses).await;
    let won: Vec<_> = answers.iter().filter(|it| it.status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:#?}");
    let winner = refresh(&rest, &refresh_token(&won[0].body)).await;
    assert_eq!(winner.refusal(), (401, "session_ended"));
}

#[tokio::test]
async fn r_a2_a_retry_with_its_client_id_gets_the_same_token_again() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let attempt = |client_id: &str| {
        let body = json!({"refresh_token": owner.refresh_token, "client_id": client_id});
        rest.post("/v1/auth/refresh", body)
    };
    let lost = attempt("attempt-1").await.ok();
    let (second, third) = tokio::join!(attempt("attempt-1"), attempt("attempt-1"));
    assert_eq!(refresh_token(&second.ok()), refresh_token(&lost));
    assert_eq!(refresh_token(&third.ok()), refresh_token(&lost));
    // Once the new token was used, the old one is a trap for everybody.
    let _next = refresh(&rest, &refresh_token(&lost)).await.ok();
    assert_eq!(attempt("attempt-1").await.refusal(), (401, "session_ended"));
}

#[tokio::test]
async fn r_a2_another_client_id_is_no_retry() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let attempt = |client_id: &str| {
        let body = json!({"refresh_token": owner.refresh_token, "client_id": client_id});
        rest.post("/v1/auth/refresh", body)
    };
    let next = attempt("attempt-1").await.ok();
    assert_eq!(attempt("attempt-2").await.refusal(), (401, "session_ended"));
    assert_eq!(refresh(&rest, &refresh_token(&next)).await.status, 401);
}

#[tokio::test]
async fn r_a2_an_unknown_refresh_token_is_worth_nothing() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let answer = refresh(&rest, "bm90aGluZw").await;
    assert_eq!(answer.refusal(), (401, "session_ended"));
    let answer = rest
        .post("/v1/auth/refresh", json!({"refresh_token": ""}))
        .await;
    assert_eq!(answer.refusal(), (422, "invalid"));
}

#[tokio::test]
async fn r_a2_signing_out_ends_the_session() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let out = owner.call(http::Method::POST, "/v1/auth/logout").await;
    assert_eq!(out.status, 204, "{out:#?}");
    let late = refresh(&rest, &owner.refresh_token).await;
    assert_eq!(late.refusal(), (401, "session_ended"));
    let again = owner.post("/v1/auth/logout", json!({})).await;
    assert_eq!(again.status, 204);
}

#[tokio::test]
async fn r_a2_signing_out_works_with_the_refresh_token_alone() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    let body = json!({"refresh_token": owner.refresh_token});
    assert_eq!(rest.post("/v1/auth/logout", body).await.status, 204);
    assert_eq!(refresh(&rest, &owner.refresh_token).await.status, 401);
    let nobody = rest.post("/v1/auth/logout", json!({})).await;
    assert_eq!(nobody.refusal(), (401, "unauthenticated"));
}

#[tokio::test]
async fn r_a6_sessions_are_listed_newest_first_and_ended_one_by_one() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let second = Person::login(stack, &owner.email).await;
    let third = Person::login(stack, &owner.email).await;
    let page = owner.get("/v1/me/sessions?limit=2").await.ok();
    let ids = |page: &Value| -> Vec<Value> {
        let items = page["items"].as_array().expect("a list");
        items.iter().map(|item| item["id"].clone()).collect()
    };
    assert_eq!(ids(&page), [json!(third.session), json!(second.session)]);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let path = format!("/v1/me/sessions?limit=2&cursor={cursor}");
    let rest = owner.get(&path).await.ok();
    assert_eq!(ids(&rest), [json!(owner.session)]);
    assert_eq!(rest["items"][0]["current"], true);

    let path = format!("/v1/me/sessions/{}", second.session);
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(owner.delete(&path).await.refusal(), (404, "not_found"));
    let me = second.get("/v1/me/sessions").await;
    assert_eq!(me.refusal(), (401, "session_ended"));
    assert_eq!(ids(&owner.get("/v1/me/sessions").await.ok()).len(), 2);

    let wrong = owner.get("/v1/me/sessions?limit=0&cursor=%21").await;
    assert_eq!(wrong.fields().len(), 2, "{wrong:#?}");
}

#[tokio::test]
async fn r_a8_nobody_ends_the_session_of_another() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let stranger = Person::register(stack).await;
    let colleague = stack.person_in(&owner).await;
    let path = format!("/v1/me/sessions/{}", owner.session);
    for other in [&stranger, &colleague] {
        assert_eq!(other.delete(&path).await.refusal(), (404, "not_found"));
    }
    assert_eq!(owner.delete("/v1/me/sessions/nonsense").await.status, 404);
    assert_eq!(owner.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn r_a11_who_is_suspended_is_told_so_only_with_the_right_password() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let member = stack.person_in(&owner).await;
    stack.set_status(member.id, "suspended").await;
    let rest = Rest::anonymous(stack);
    let right = login(&rest, &member.email, support::person::PASSWORD).await;
    assert_eq!(right.refusal(), (403, "account_suspended"));
    let wrong = login(&rest, &member.email, "Wrong-2026").await;
    assert_eq!(wrong.refusal(), (401, "credentials_invalid"));
    assert_eq!(refresh(&rest, &member.refresh_token).await.status, 401);
    assert_eq!(member.get("/v1/me").await.status, 401);
}
