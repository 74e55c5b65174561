//! Settings: read once, when a function starts; a missing or malformed one ends it with the variable's name.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment comes in"
)]

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use store::{Password, Store};

use crate::config::Config;

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
    let name = "MARU_POSTGRES_URL";
    let address = required(name)?;
    Store::new(&address, Password::InAddress)
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
