//! A Secrets Manager small enough for one machine: get, put and describe, kept in one JSON file.
#![expect(
    clippy::disallowed_methods,
    reason = "the local stack is an edge: it makes ids itself"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::loopback::{Body, Server, StartError, answer, read};

/// A running endpoint.
#[derive(Debug)]
pub struct Secrets {
    server: Server,
}

/// Secrets Manager takes 64 KiB of value; JSON may double it.
const LIMIT: usize = 256 * 1024;

/// What every ARN of this endpoint begins with.
const ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";

impl Secrets {
    /// Serves the secrets in the file `path`, which is made at the first write, readable by its
    /// owner alone.
    ///
    /// # Errors
    /// When the file is there but cannot be read, or `listen` is taken.
    pub async fn start(path: PathBuf, listen: SocketAddr) -> Result<Self, StartError> {
        let vault = Arc::new(Vault::open(path)?);
        let server = Server::start("Secrets Manager", listen, move |request| {
            let vault = Arc::clone(&vault);
            async move { Ok(handle(&vault, request).await) }
        })
        .await?;
        Ok(Self { server })
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

/// One value of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    value: String,
    created: i64,
    stages: Vec<String>,
}

type Contents = BTreeMap<String, Vec<Version>>;

struct Vault {
    path: PathBuf,
    contents: Mutex<Contents>,
}

/// What a client did wrong, with the name that AWS gives it.
struct Refusal(&'static str, String);

impl Vault {
    fn open(path: PathBuf) -> Result<Self, StartError> {
        let failed = |error: std::io::Error| {
            StartError::new(format!("{} is not readable", path.display()), error)
        };
        let contents = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Contents::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            path,
            contents: Mutex::new(contents),
        })
    }

    fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let id = request["SecretId"].as_str().unwrap_or_default();
        let name = id.strip_prefix(ARN).unwrap_or(id);
        if name.is_empty() || name.contains(':') {
            let message = "Secrets Manager can't find the specified secret.".to_owned();
            return Err(Refusal("ResourceNotFoundException", message));
        }
        match operation {
            "GetSecretValue" => self.get(name, request),
            "PutSecretValue" => self.put(name, request),
            "DescribeSecret" => Ok(self.describe(name)),
            other => Err(Refusal(
                "InvalidRequestException",
                format!("{other} is not played here"),
            )),
        }
    }

    fn get(&self, name: &str, request: &Value) -> Result<Value, Refusal> {
        let id = request["VersionId"].as_str();
        let stage = request["VersionStage"].as_str();
        let wanted = stage.or(if id.is_none() {
            Some("AWSCURRENT")
        } else {
            None
        });
        let contents = self.locked();
        let found = contents.get(name).into_iter().flatten().find(|version| {
            id.is_none_or(|id| version.id == id)
                && wanted.is_none_or(|stage| version.stages.iter().any(|held| held == stage))
        });
        let Some(version) = found else {
            let label = wanted.or(id).unwrap_or_default();
            return Err(Refusal(
                "ResourceNotFoundException",
                format!(
                    "Secrets Manager can't find the specified secret value for staging label: {label}"
                ),
            ));
        };
        Ok(json!({
            "ARN": arn(name),
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.value,
            "VersionStages": version.stages,
            "CreatedDate": version.created,
        }))
    }

    fn put(&self, name: &str, request: &Value) -> Result<Value, Refusal> {
        let Some(value) = request["SecretString"].as_str() else {
            let message = "only SecretString is played here".to_owned();
            return Err(Refusal("InvalidParameterException", message));
        };
        let token = request["ClientRequestToken"].as_str();
        let id = token.map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned);
        let mut contents = self.locked();
        let mut changed = contents.clone();
        let versions = changed.entry(name.to_owned()).or_default();
        match versions.iter().find(|version| version.id == id) {
            Some(known) if known.value == value => {}
            Some(_) => {
                let message = "this version holds another value already".to_owned();
                return Err(Refusal("ResourceExistsException", message));
            }
            None => add(versions, id.clone(), value),
        }
        store(&self.path, &changed).map_err(|error| {
            tracing::error!(%error, "secrets were not written");
            Refusal("InternalServiceError", error.to_string())
        })?;
        *contents = changed;
        Ok(
            json!({"ARN": arn(name), "Name": name, "VersionId": id, "VersionStages": ["AWSCURRENT"]}),
        )
    }

    fn describe(&self, name: &str) -> Value {
        let stages: BTreeMap<String, Vec<String>> = self
            .locked()
            .get(name)
            .into_iter()
            .flatten()
            .map(|version| (version.id.clone(), version.stages.clone()))
            .collect();
        json!({"ARN": arn(name), "Name": name, "VersionIdsToStages": stages})
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Makes the new value current, the current one previous, and forgets what has no stage left.
fn add(versions: &mut Vec<Version>, id: String, value: &str) {
    for version in versions.iter_mut() {
        version.stages.retain(|stage| stage != "AWSPREVIOUS");
        for stage in &mut version.stages {
            if stage == "AWSCURRENT" {
                "AWSPREVIOUS".clone_into(stage);
            }
        }
    }
    versions.retain(|version| !version.stages.is_empty());
    versions.push(Version {
        id,
        value: value.to_owned(),
        created: OffsetDateTime::now_utc().unix_timestamp(),
        stages: vec!["AWSCURRENT".to_owned()],
    });
}

/// Writes beside the file, then renames over it: nobody ever reads half a secret.
fn store(path: &Path, contents: &Contents) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let beside = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(contents)?)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

fn arn(name: &str) -> String {
    if name.starts_with(ARN) {
        name.to_owned()
    } else {
        format!("{ARN}{name}")
    }
}

#[cfg(test)]
mod tests {
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
