//! Registration, sign-in, sessions, the limits of sign-in, and the wall between companies.

mod away;
mod cut;
mod keys;
mod limits;
mod migrate;
mod sessions;
mod wall;

use serde_json::json;
use support::person::{PASSWORD, fresh_email};
use support::{Answer, Person, Rest, Stack};

async fn register(rest: &Rest, email: &str, password: &str) -> Answer {
    let body = json!({
        "email": email,
        "password": password,
        "full_name": "김민지",
        "company_name": "마루 상사",
    });
    rest.post("/v1/auth/register", body).await
}

async fn login(rest: &Rest, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    rest.post("/v1/auth/login", body).await
}

#[tokio::test]
async fn r_a1_registering_makes_a_company_and_signs_its_owner_in() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let email = fresh_email();
    let answer = register(&rest, &format!(" {} ", email.to_uppercase()), PASSWORD).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in_s"], 900);
    assert_eq!(tokens["refresh_expires_in_s"], 604_800);
    assert_eq!(tokens["user"]["email"], email);
    assert_eq!(tokens["user"]["role"], "owner");
    assert_eq!(tokens["company"]["name"], "마루 상사");
    assert_eq!(tokens["company"]["plan"], "free");
    assert_eq!(tokens["company"]["limits"]["seats"], 100);

    let owner = Person::signed_in(&rest, &tokens);
    let me = owner.get("/v1/me").await.ok();
    assert_eq!(me["user"], tokens["user"]);
    assert_eq!(me["company"], tokens["company"]);
    assert_eq!(me["session_id"], tokens["session_id"]);
}

#[tokio::test]
async fn r_a1_an_address_is_taken_whatever_its_case_even_at_the_same_moment() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let email = fresh_email();
    let upper = email.to_uppercase();
    let (first, second) = tokio::join!(
        register(&rest, &email, PASSWORD),
        register(&rest, &upper, PASSWORD),
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let again = register(&rest, &email, PASSWORD).await;
    assert_eq!(again.refusal(), (409, "email_taken"));
}

#[tokio::test]
async fn r_a1_every_field_that_is_wrong_is_named_at_once() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let body = json!({"email": "x", "password": "short", "full_name": "", "company_name": " "});
    let answer = rest.post("/v1/auth/register", body).await;
    assert_eq!(answer.refusal(), (422, "invalid"));
    let fields: Vec<_> = answer
        .fields()
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    for field in ["email", "password", "full_name", "company_name"] {
        assert!(fields.iter().any(|it| it == field), "{field}: {answer:#?}");
    }
    let unknown = json!({"email": "a@example.com", "password": PASSWORD, "admin": true});
    let answer = rest.post("/v1/auth/login", unknown).await;
    assert_eq!(answer.refusal(), (422, "invalid"));
}

#[tokio::test]
async fn r_a1_a_bcrypt_hash_lets_in_once_and_is_hashed_anew() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    // "Maru-hall-2026", as an older server hashed it (cost 4, to be quick).
    let old = bcrypt::hash(PASSWORD, 4).expect("a hash");
    stack.set_password_hash(owner.id, &old).await;
    let rest = Rest::anonymous(stack);
    assert_eq!(login(&rest, &owner.email, "Wrong-2026").await.status, 401);
    let _in = login(&rest, &owner.email, PASSWORD).await.ok();
    let stored = stack.password_hash(owner.id).await;
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let _again = login(&rest, &owner.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn r_a9_every_sign_in_event_is_in_the_audit_log() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    let rest = Rest::anonymous(stack);
    assert_eq!(login(&rest, &owner.email, "Wrong-2026").await.status, 401);
    let again = Person::login(stack, &owner.email).await;
    let body = json!({});
    assert_eq!(again.post("/v1/auth/logout", body).await.status, 204);
    let actions = stack.audit_actions(owner.company).await;
    assert_eq!(
        actions,
        [
            "company.registered",
            "sign_in.failed",
            "sign_in.succeeded",
            "session.ended"
        ]
    );
}

#[tokio::test]
async fn r_o4_health_names_every_dependency() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let live = rest.get("/health/live").await.ok();
    assert_eq!(live["status"], "ok");
    let ready = rest.get("/health/ready").await.ok();
    let names: Vec<_> = ready["dependencies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["name"].as_str(), it["state"].as_str()))
        .collect();
    let up = Some("up");
    assert_eq!(
        names,
        [
            (Some("postgres"), up),
            (Some("redis"), up),
            (Some("dynamodb"), up),
            (Some("s3"), up)
        ]
    );
}

#[tokio::test]
async fn r_o4_an_unknown_path_is_a_problem_document_too() {
    let stack = Stack::get().await;
    let rest = Rest::anonymous(stack);
    let answer = rest.get("/v1/nothing/here").await;
    assert_eq!(answer.refusal(), (404, "route_not_found"));
    let contract = rest.get("/v1/openapi.json").await.ok();
    assert!(
        contract["openapi"]
            .as_str()
            .is_some_and(|it| it.starts_with("3.1"))
    );
}
