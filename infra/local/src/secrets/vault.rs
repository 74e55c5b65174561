//! What is in the vault: values by secret and version, in one private file.
#![expect(
    clippy::disallowed_methods,
    reason = "the local stack is an edge: it makes ids itself"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::loopback::StartError;

/// What every ARN of this endpoint begins with.
const ARN: &str = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:";

/// One value of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    value: String,
    created: i64,
    stages: Vec<String>,
}

type Contents = BTreeMap<String, Vec<Version>>;

pub(super) struct Vault {
    path: PathBuf,
    contents: Mutex<Contents>,
}

impl std::fmt::Debug for Vault {
    /// Says where it is, never what is in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What a client did wrong, with the name that AWS gives it.
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

impl Vault {
    pub(super) fn open(path: PathBuf) -> Result<Self, StartError> {
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

    pub(super) fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let id = request["SecretId"].as_str().unwrap_or_default();
        // By name or by ARN; of whatever region the template was read for.
        let name = id.rsplit_once(":secret:").map_or(id, |(_, name)| name);
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

pub(super) fn arn(name: &str) -> String {
    if name.starts_with(ARN) {
        name.to_owned()
    } else {
        format!("{ARN}{name}")
    }
}
