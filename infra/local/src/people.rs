//! Two people of one company who can sign in from the first moment on.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ready::{Person, Ready};
use crate::{Error, postgres};

/// The two of the last start if they are still there, or two that are made now.
///
/// The first registers over REST, as anybody does; the second is put beside them in the database, with the
/// same password, because an invitation would have to be mailed and read first.
///
/// # Errors
/// When the API or Postgres refuses them.
pub async fn meet(ready: &Ready) -> Result<Vec<Person>, Error> {
    let api = Api {
        client: reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| Error::Said(format!("cannot make a client: {error}")))?,
        base: &ready.rest,
    };
    if let Some(last) = Ready::last(&ready.data)
        && let Some(first) = last.people.first()
        && api.knows(first).await?
    {
        return Ok(last.people);
    }
    let tag = tag();
    let person = |name: &str, full_name: &str| Person {
        email: format!("{name}.{tag}@example.com"),
        password: format!("Maru-{tag}"),
        full_name: full_name.to_owned(),
    };
    let people = vec![person("minji", "Kim Minji"), person("junho", "Lee Junho")];
    api.register(&people[0]).await?;
    furnish(ready, &people[0], &people[1]).await?;
    Ok(people)
}

/// The REST API as we call it.
struct Api<'a> {
    client: reqwest::Client,
    base: &'a str,
}

impl Api<'_> {
    /// Whether `person` can sign in.
    async fn knows(&self, person: &Person) -> Result<bool, Error> {
        let body = json!({ "email": person.email, "password": person.password });
        let (status, answer) = self.post("/v1/auth/login", &body).await?;
        match status {
            status if status.is_success() => Ok(true),
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::LOCKED => {
                Ok(false)
            }
            status => Err(refused("signing in", status, &answer)),
        }
    }

    /// Registers `person` as the owner of a company.
    async fn register(&self, person: &Person) -> Result<(), Error> {
        let body = json!({
            "email": person.email,
            "password": person.password,
            "full_name": person.full_name,
            "company_name": "Maru",
        });
        let (status, answer) = self.post("/v1/auth/register", &body).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(refused("registering", status, &answer))
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, String), Error> {
        let failed =
            |error: reqwest::Error| Error::Said(format!("POST {path} was not answered: {error}"));
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let response = request.send().await.map_err(failed)?;
        Ok((response.status(), response.text().await.map_err(failed)?))
    }
}

fn refused(what: &str, status: StatusCode, answer: &str) -> Error {
    Error::Said(format!(
        "{what} the first person was answered {status}: {answer} (`cargo run -- logs auth` may tell more)"
    ))
}

/// Puts `second` into the company of `first`, as a plain member with the same password, and gives the company the
/// largest plan: here the disk is the limit.
async fn furnish(ready: &Ready, first: &Person, second: &Person) -> Result<(), Error> {
    let config = ready
        .postgres_owner
        .parse()
        .map_err(Error::sql("read the address"))?;
    let client = postgres::connect(&config)
        .await
        .map_err(Error::sql("connect"))?;
    let handle = second.email.split('.').next().unwrap_or_default();
    client
        .execute(
            "insert into users (company_id, id, email, full_name, handle, role, password_hash, language, \
             email_verified_at, created_at) \
             select company_id, $1, $2, $3, $4, 'member', password_hash, language, now(), now() \
             from users where lower(email) = lower($5)",
            &[&Uuid::now_v7(), &second.email, &second.full_name, &handle, &first.email],
        )
        .await
        .map_err(Error::sql("add the second person"))?;
    client
        .execute(
            "update companies set plan = 'enterprise' \
             where id = (select company_id from users where lower(email) = lower($1))",
            &[&first.email],
        )
        .await
        .map_err(Error::sql("set the plan"))?;
    Ok(())
}

/// A few letters that tell these people from those of an earlier start.
fn tag() -> String {
    Uuid::new_v4().simple().to_string()[..8].to_owned()
}
