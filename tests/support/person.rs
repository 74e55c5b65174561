//! People of a test's own company.

use std::ops::Deref;

use domain::account::{Email, FullName, Handle, Password};
use domain::company::CompanyRole;
use domain::{CompanyId, SessionId, UserId};
use serde_json::{Value, json};
use store::{Added, NewPerson};

use crate::rest::fresh_id;
use crate::{Rest, Stack};

/// The password of everyone in the tests.
pub const PASSWORD: &str = "Maru-hall-2026";

/// Someone signed in; calls are made with their token.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who they are.
    pub id: UserId,
    /// Their company.
    pub company: CompanyId,
    /// The session they signed in with.
    pub session: SessionId,
    /// Their email address.
    pub email: String,
    /// Their `@handle`.
    pub handle: String,
    /// Their full name.
    pub full_name: String,
    /// Good for 15 minutes.
    pub access_token: String,
    /// Good for one use.
    pub refresh_token: String,
    rest: Rest,
}

impl Person {
    /// Registers someone with a company of their own.
    pub async fn register(stack: &Stack) -> Self {
        let rest = Rest::anonymous(stack);
        let email = fresh_email();
        let answer = rest.post(
            "/v1/auth/register",
            json!({
                "email": email,
                "password": PASSWORD,
                "full_name": "김민지",
                "company_name": "마루 상사",
            }),
        );
        Self::signed_in(&rest, &answer.await.ok())
    }

    /// Signs in again: the same person with another session.
    pub async fn login(stack: &Stack, email: &str) -> Self {
        let rest = Rest::anonymous(stack);
        let answer = rest.post(
            "/v1/auth/login",
            json!({"email": email, "password": PASSWORD}),
        );
        Self::signed_in(&rest, &answer.await.ok())
    }

    /// The person whom `tokens` (the answer of a sign-in) belong to, calling through `rest`.
    #[must_use]
    pub fn signed_in(rest: &Rest, tokens: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let user = &tokens["user"];
        let access_token = text(&tokens["access_token"]);
        Self {
            id: text(&user["id"]).parse().expect("an id"),
            company: text(&tokens["company"]["id"]).parse().expect("an id"),
            session: text(&tokens["session_id"]).parse().expect("an id"),
            email: text(&user["email"]),
            handle: text(&user["handle"]),
            full_name: text(&user["full_name"]),
            refresh_token: text(&tokens["refresh_token"]),
            rest: rest.with_token(&access_token),
            access_token,
        }
    }
}

impl Stack {
    /// Another person of `owner`'s company, signed in.
    pub async fn person_in(&self, owner: &Person) -> Person {
        self.person_as(owner, CompanyRole::Member).await
    }

    /// Another person of `owner`'s company with a role of their own, signed in.
    pub async fn person_as(&self, owner: &Person, role: CompanyRole) -> Person {
        let email = fresh_email();
        let address = Email::parse(&email).expect("an address");
        let full_name = FullName::parse("이준호").expect("a name");
        let handle = Handle::derive(&address, &full_name);
        let password_hash = app::auth::hash(&Password::attempt(PASSWORD)).expect("a hash");
        let person = NewPerson {
            id: UserId(app::clock::id()),
            email: &address,
            full_name: &full_name,
            handle: &handle,
            password_hash: &password_hash,
        };
        let added = self
            .store()
            .add_member(owner.company, &person, role, app::clock::now())
            .await
            .expect("Postgres answers");
        assert!(matches!(added, Added::Done(_)), "{added:?}");
        Person::login(self, &email).await
    }
}

impl Deref for Person {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        &self.rest
    }
}

/// An address that nobody has.
#[must_use]
pub fn fresh_email() -> String {
    format!("p{}@example.com", fresh_id().simple())
}
