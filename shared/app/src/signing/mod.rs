//! Signing access tokens, and making and rotating the keys that do.

mod keyring;

use std::sync::{Arc, LazyLock};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use domain::{CompanyId, SessionId, UserId};
use serde::Serialize;
use store::{SigningKey, Store};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

pub use keyring::{Current, Keyring, KeyringError, ROTATE_AFTER};

use crate::env::SettingError;
use crate::secret::Secret;
use crate::token::{ACCESS_LIFETIME, AUDIENCE, Claims};
use crate::{Problem, clock, env, random, token};

/// How long a key that was read is used without another look.
const FRESH: Duration = Duration::minutes(5);
/// How long one is used when the secret cannot be read; well within the time that its public half stays.
const STALE: Duration = Duration::minutes(30);
/// How long the public half of a key that no longer signs is kept: longer than [`STALE`] and a token's life.
const RETIRE_AFTER: Duration = Duration::hours(1);

/// The secret that holds the private keys. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    /// Made at first use, as every SDK's client: making one reads the machine's whole trust store.
    client: Arc<LazyLock<Client, Box<dyn FnOnce() -> Client + Send + Sync>>>,
    arn: String,
}

impl Vault {
    /// The secret that `MARU_SIGNING_SECRET` names.
    ///
    /// # Errors
    /// [`SettingError`] naming the variable.
    pub fn from_env() -> Result<Self, SettingError> {
        let aws = env::aws("AWS_ENDPOINT_URL_SECRETS_MANAGER")?;
        Ok(Self {
            client: Arc::new(LazyLock::new(Box::new(move || Client::new(&aws)))),
            arn: env::required("MARU_SIGNING_SECRET")?,
        })
    }

    async fn read(&self) -> Result<Keyring, Problem> {
        let answer = self.client.get_secret_value().secret_id(&self.arn).send();
        let text = match answer.await.map_err(SdkError::into_service_error) {
            Ok(answer) => answer.secret_string,
            // A secret that was never given a value holds no keys.
            Err(GetSecretValueError::ResourceNotFoundException(_)) => None,
            Err(error) => return Err(Problem::unavailable(error)),
        };
        match text {
            Some(text) => Keyring::read(&Secret::new(text)).map_err(Problem::internal),
            None => Ok(Keyring::default()),
        }
    }

    async fn write(&self, ring: &Keyring) -> Result<(), Problem> {
        let text = ring.write().map_err(Problem::internal)?;
        let request = self.client.put_secret_value().secret_id(&self.arn);
        request
            .secret_string(text.expose())
            .send()
            .await
            .map(drop)
            .map_err(|error| Problem::unavailable(error.into_service_error()))
    }
}

/// Signs access tokens; keeps the key for five minutes. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    vault: Vault,
    issuer: String,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// A key, and when it was read.
type Kept = (OffsetDateTime, Arc<Current>);

impl Signer {
    /// From `MARU_SIGNING_SECRET` and `MARU_ISSUER`.
    ///
    /// # Errors
    /// [`SettingError`] naming the variable.
    pub fn from_env() -> Result<Self, SettingError> {
        Ok(Self {
            vault: Vault::from_env()?,
            issuer: env::required("MARU_ISSUER")?,
            kept: Arc::default(),
        })
    }

    /// An access token for a session, good from `now` for [`ACCESS_LIFETIME`].
    ///
    /// # Errors
    /// `unavailable` when the key cannot be read.
    pub async fn sign(
        &self,
        company: CompanyId,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Secret<String>, Problem> {
        let current = self.key(now).await?;
        let claims = Claims {
            sub: user,
            cid: company,
            sid: session,
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            iat: now.unix_timestamp(),
            exp: (now + ACCESS_LIFETIME).unix_timestamp(),
        };
        token::sign(&claims, &current.kid, &current.key)
            .map(Secret::new)
            .map_err(Problem::internal)
    }

    /// The key that signs now. Cheap while it is fresh; calling it early hides the wait for the secret.
    ///
    /// # Errors
    /// `unavailable` when it cannot be read.
    pub async fn key(&self, now: OffsetDateTime) -> Result<Arc<Current>, Problem> {
        let mut kept = self.kept.lock().await;
        let age = kept.as_ref().map(|(read_at, key)| (now - *read_at, key));
        if let Some((age, key)) = age
            && age < FRESH
        {
            return Ok(Arc::clone(key));
        }
        let read = match self.vault.read().await {
            Ok(ring) => ring.current().map_err(Problem::unavailable),
            Err(problem) => Err(problem),
        };
        match (read, age) {
            (Ok(current), _) => {
                let current = Arc::new(current);
                *kept = Some((now, Arc::clone(&current)));
                Ok(current)
            }
            (Err(problem), Some((age, key))) if age < STALE => {
                tracing::warn!(error = ?problem.source, "signing goes on with the key read before");
                Ok(Arc::clone(key))
            }
            (Err(problem), _) => Err(problem),
        }
    }
}

/// What was done to the signing keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// Whether a new key was made.
    pub rotated: bool,
    /// The name of the key that signs now.
    pub kid: String,
    /// Public halves that were forgotten, because no token they signed can still live.
    pub forgotten: usize,
}

/// Brings the signing keys up to date: makes the first one, replaces one that is too old or, by `force`, any.
///
/// A public half is known before its private one signs, and stays until no token that it signed can live.
/// Running it again mends whatever an interrupted run left.
///
/// # Errors
/// `unavailable` when the secret or Postgres cannot be reached.
pub async fn maintain(
    owner: &Store,
    vault: &Vault,
    now: OffsetDateTime,
    force: bool,
) -> Result<Rotation, Problem> {
    let old = vault.read().await?;
    let rotated = force || old.is_due(now);
    let ring = if rotated {
        let secret = Secret::new(random::bytes()?);
        let ring = Keyring::new(clock::id().simple().to_string(), &secret, now);
        let both = [public(&ring)?, public(&old)?].concat();
        owner
            .publish_signing_keys(&both, now, now + RETIRE_AFTER)
            .await?;
        vault.write(&ring).await?;
        ring
    } else {
        old
    };
    // From here on only the ring's own keys sign: the others begin to retire.
    owner
        .publish_signing_keys(&public(&ring)?, now, now + RETIRE_AFTER)
        .await?;
    Ok(Rotation {
        rotated,
        kid: ring.current().map_err(Problem::internal)?.kid,
        forgotten: owner.forget_signing_keys(now).await?,
    })
}

fn public(ring: &Keyring) -> Result<Vec<SigningKey>, Problem> {
    ring.public().map_err(Problem::internal)
}
