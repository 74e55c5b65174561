//! A Secrets Manager small enough for one machine: get, put and describe, kept in one JSON file.

mod vault;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use serde_json::json;

use crate::loopback::{Body, Server, StartError, answer, read};
use vault::{Refusal, Vault, arn};

/// A running endpoint.
#[derive(Debug)]
pub struct Secrets {
    server: Server,
    vault: Arc<Vault>,
}

/// Secrets Manager takes 64 KiB of value; JSON may double it.
const LIMIT: usize = 256 * 1024;

impl Secrets {
    /// Serves the secrets in the file `path`, which is made at the first write, readable by its
    /// owner alone.
    ///
    /// # Errors
    /// When the file is there but cannot be read, or `listen` is taken.
    pub async fn start(path: PathBuf, listen: SocketAddr) -> Result<Self, StartError> {
        let vault = Arc::new(Vault::open(path)?);
        let served = Arc::clone(&vault);
        let server = Server::start("Secrets Manager", listen, move |request| {
            let vault = Arc::clone(&served);
            async move { Ok(handle(&vault, request).await) }
        })
        .await?;
        Ok(Self { server, vault })
    }

    /// Gives the secret `arn` its first value, unless it has one: what a deployment does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seed(&self, arn: &str, value: &str) -> Result<(), StartError> {
        let id = json!({ "SecretId": arn });
        if self.vault.answer("GetSecretValue", &id).is_ok() {
            return Ok(());
        }
        let first = json!({ "SecretId": arn, "SecretString": value });
        match self.vault.answer("PutSecretValue", &first) {
            Ok(_) => Ok(()),
            Err(Refusal(code, message)) => {
                let reason = format!("{code}: {message}");
                Err(StartError::new(format!("{arn} cannot be made"), reason))
            }
        }
    }

    /// The endpoint for `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The ARN of the secret `name`, whether or not it has a value yet.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        arn(name)
    }

    /// Ends it; the file stays.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

async fn handle(vault: &Vault, request: Request<Body>) -> Response<Body> {
    let target = request.headers().get("x-amz-target");
    let operation = target
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.strip_prefix("secretsmanager."))
        .unwrap_or_default()
        .to_owned();
    let body = read(request.into_body(), LIMIT).await;
    let parsed = body.and_then(|body| serde_json::from_slice(&body).ok());
    let answered = match parsed {
        Some(request) => vault.answer(&operation, &request),
        None => Err(Refusal(
            "InvalidRequestException",
            "the body is not JSON".to_owned(),
        )),
    };
    let (status, value) = match answered {
        Ok(value) => (StatusCode::OK, value),
        Err(Refusal(code @ "InternalServiceError", message)) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"__type": code, "message": message}),
        ),
        Err(Refusal(code, message)) => (
            StatusCode::BAD_REQUEST,
            json!({"__type": code, "message": message}),
        ),
    };
    answer(status, "application/x-amz-json-1.1", value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn a_put_is_current_survives_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("maru-secrets-{}.json", std::process::id()));
        let listen: SocketAddr = ([127, 0, 0, 1], 0).into();
        let first = Secrets::start(path.clone(), listen).await.expect("starts");
        let arn = first.arn("signing");
        let id = json!({"SecretId": arn});
        assert_eq!(
            call(&first, "GetSecretValue", &id).await["__type"],
            "ResourceNotFoundException"
        );
        for value in ["one", "two"] {
            let put = json!({"SecretId": arn, "SecretString": value});
            assert_eq!(call(&first, "PutSecretValue", &put).await["ARN"], arn);
        }
        first.stop().await;

        let second = Secrets::start(path.clone(), listen)
            .await
            .expect("starts again");
        assert_eq!(
            call(&second, "GetSecretValue", &id).await["SecretString"],
            "two"
        );
        let previous = json!({"SecretId": "signing", "VersionStage": "AWSPREVIOUS"});
        assert_eq!(
            call(&second, "GetSecretValue", &previous).await["SecretString"],
            "one"
        );
        let mode = std::fs::metadata(&path).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        second.stop().await;
        std::fs::remove_file(path).expect("removed");
    }

    async fn call(secrets: &Secrets, operation: &str, body: &Value) -> Value {
        reqwest::Client::new()
            .post(secrets.url())
            .header("x-amz-target", format!("secretsmanager.{operation}"))
            .body(body.to_string())
            .send()
            .await
            .expect("answers")
            .json()
            .await
            .expect("JSON")
    }
}
