//! Settings: read once, when a function starts; a missing or malformed one ends it with the variable's name.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment comes in"
)]

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_secretsmanager::error::SdkError;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use files::Files;
use live::{Egress, Live};
use store::{Password, Store, Target};

use crate::clock;
use crate::config::Config;
use crate::rds_token::rds_token;
use crate::secret::Secret;

/// A setting that stops the function.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not there.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// It is there and makes no sense.
    #[error("the environment variable {0} is malformed: {1}")]
    Malformed(&'static str, String),
}

/// The value of a required variable.
///
/// # Errors
/// [`SettingError::Missing`] when it is absent or empty.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    optional(name).ok_or(SettingError::Missing(name))
}

/// The value of a variable that may be absent; empty counts as absent.
#[must_use]
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Postgres from `MARU_POSTGRES_URL`; an address without a password means an IAM token.
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn store() -> Result<Store, SettingError> {
    postgres("MARU_POSTGRES_URL")
}

/// Postgres as the owner of the schema, from `MARU_POSTGRES_OWNER_URL`: for migrations alone. When the address
/// holds no password, the secret that `MARU_POSTGRES_OWNER_SECRET` names does (as RDS writes it).
///
/// # Errors
/// [`SettingError`] naming the variable; or when the secret cannot be read.
pub async fn owner_store() -> Result<Store, crate::Error> {
    #[derive(serde::Deserialize)]
    struct Owner {
        password: Secret<String>,
    }
    let (name, secret) = ("MARU_POSTGRES_OWNER_URL", "MARU_POSTGRES_OWNER_SECRET");
    let address = required(name)?;
    let malformed = |error: store::Error| SettingError::Malformed(name, error.to_string());
    let store = Store::new(&address, Password::InAddress).map_err(malformed)?;
    if store.has_password() {
        return Ok(store);
    }
    let client = aws_sdk_secretsmanager::Client::new(&aws("AWS_ENDPOINT_URL_SECRETS_MANAGER")?);
    let answer = client
        .get_secret_value()
        .secret_id(required(secret)?)
        .send();
    let answer = answer.await.map_err(SdkError::into_service_error)?;
    let text = answer.secret_string.unwrap_or_default();
    let owner: Owner = serde_json::from_str(&text)
        .map_err(|_| SettingError::Malformed(secret, "the secret has no password".to_owned()))?;
    let password = move |_: &Target| Ok(owner.password.expose().clone());
    Ok(Store::new(&address, Password::Token(Arc::new(password))).map_err(malformed)?)
}

fn postgres(name: &'static str) -> Result<Store, SettingError> {
    let address = required(name)?;
    let (region, credentials) = (required("AWS_REGION")?, credentials()?);
    let token = move |target: &Target| rds_token(target, &region, &credentials, clock::now());
    Store::new(&address, Password::Token(Arc::new(token)))
        .map_err(|error| SettingError::Malformed(name, error.to_string()))
}

/// The tunable settings from `MARU_CONFIG`; the defaults when it is absent.
///
/// # Errors
/// [`SettingError::Malformed`] when it is not JSON of the known shape.
pub fn config() -> Result<Config, SettingError> {
    let name = "MARU_CONFIG";
    optional(name).map_or_else(
        || Ok(Config::default()),
        |json| {
            serde_json::from_str(&json)
                .map_err(|error| SettingError::Malformed(name, error.to_string()))
        },
    )
}

/// Redis, DynamoDB and the sockets from `MARU_REDIS_URL`, `MARU_TABLE` and, for functions that push,
/// `MARU_SOCKETS_ENDPOINT`, `MARU_ANNOUNCE_FUNCTION` and `MARU_EGRESS`.
///
/// `store` answers who is in a room when the index of its sockets was lost.
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn live(store: &Store) -> Result<Live, SettingError> {
    let egress = match optional("MARU_EGRESS").as_deref() {
        None | Some("nat") => Egress::Nat,
        Some("none") => Egress::None,
        Some(other) => {
            return Err(SettingError::Malformed(
                "MARU_EGRESS",
                format!("{other} is neither nat nor none"),
            ));
        }
    };
    Ok(Live::new(live::Settings {
        redis_url: required("MARU_REDIS_URL")?,
        egress,
        members: Some(crate::realtime::members(store)),
        ..connections()?
    }))
}

/// DynamoDB, and the sockets for functions that push, without Redis: tickets, connections and posts.
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn connections() -> Result<live::Settings, SettingError> {
    Ok(live::Settings {
        redis_url: String::new(),
        table: required("MARU_TABLE")?,
        aws: aws("AWS_ENDPOINT_URL_DYNAMODB")?,
        sockets_endpoint: optional("MARU_SOCKETS_ENDPOINT"),
        lambda_endpoint: optional("AWS_ENDPOINT_URL_LAMBDA"),
        announce_function: optional("MARU_ANNOUNCE_FUNCTION"),
        egress: Egress::Nat,
        clock: clock::now,
        members: None,
    })
}

/// S3 from `MARU_BUCKET`.
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn files() -> Result<Files, SettingError> {
    let name = "MARU_BUCKET";
    Files::new(&aws("AWS_ENDPOINT_URL_S3")?, &required(name)?)
        .map_err(|error| SettingError::Malformed(name, error.to_string()))
}

/// What the SDK's clients share: credentials and region from Lambda's own variables.
///
/// `endpoint` names the variable that points one service elsewhere (`AWS_ENDPOINT_URL_S3`).
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn aws(endpoint: &'static str) -> Result<SdkConfig, SettingError> {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials()?));
    if let Some(url) = optional(endpoint) {
        config = config.endpoint_url(url);
    }
    Ok(config.build())
}

/// The credentials that Lambda gives this instance.
///
/// # Errors
/// [`SettingError`] naming the variable.
pub fn credentials() -> Result<Credentials, SettingError> {
    Ok(Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        optional("AWS_SESSION_TOKEN"),
        None,
        "lambda",
    ))
}
