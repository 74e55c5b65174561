//! Access tokens: made by `auth` alone, checked everywhere with public keys.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{CompanyId, SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use store::Store;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use wire::problem::Code;

use crate::Problem;

/// How long an access token is good for.
pub const ACCESS_LIFETIME: Duration = Duration::minutes(15);

/// The audience that every token names.
pub const AUDIENCE: &str = "maru";

/// How long public keys are trusted without a look at the table.
const KEYS_FRESH: Duration = Duration::minutes(5);
/// How many verified tokens are remembered: about half a KiB each.
const REMEMBERED: usize = 1_000;
/// How often an unknown `kid` may cause a look.
const UNKNOWN_KID_PAUSE: Duration = Duration::seconds(10);

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: UserId,
    /// Their company.
    pub cid: CompanyId,
    /// The session.
    pub sid: SessionId,
    /// Who made it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// When it was made, in Unix seconds.
    pub iat: i64,
    /// When it ends, in Unix seconds.
    pub exp: i64,
}

/// Signs `claims` with an Ed25519 private key (PKCS#8, DER) under `kid`.
///
/// # Errors
/// When the key is malformed.
pub fn sign(
    claims: &Claims,
    kid: &str,
    key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key)
}

/// Checks tokens; keeps the public keys, and the tokens that they verified, for five minutes. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    store: Store,
    issuer: Arc<str>,
    keys: Arc<Mutex<Keys>>,
}

#[derive(Default)]
struct Keys {
    by_kid: HashMap<String, DecodingKey>,
    read_at: Option<OffsetDateTime>,
    /// What these keys verified, by the whole token: a signature costs more than all else that a small call does.
    verified: HashMap<Box<str>, Arc<Claims>>,
}

impl Verifier {
    /// A verifier of tokens made by `issuer`, with the keys in `store`.
    #[must_use]
    pub fn new(store: Store, issuer: &str) -> Self {
        Self {
            store,
            issuer: issuer.into(),
            keys: Arc::default(),
        }
    }

    /// What a token says, if it is ours, whole and in time.
    ///
    /// # Errors
    /// `token_invalid` for anything wrong with it; `unavailable` when keys cannot be read.
    pub async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Arc<Claims>, Problem> {
        let invalid = || Problem::new(Code::TokenInvalid);
        if let Some(claims) = self.keys.lock().await.remembered(token, now) {
            return Ok(claims);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        if header.alg != Algorithm::EdDSA {
            return Err(invalid());
        }
        let kid = header.kid.ok_or_else(invalid)?;
        // On the heap: nearly every token is remembered.
        let key = Box::pin(self.key(&kid, now)).await?.ok_or_else(invalid)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is an argument here, not the library's own reading of the clock.
        rules.validate_exp = false;
        let token_data = jsonwebtoken::decode::<Claims>(token, &key, &rules);
        let claims = Arc::new(token_data.map_err(|_| invalid())?.claims);
        if claims.exp <= now.unix_timestamp() {
            return Err(invalid());
        }
        self.keys.lock().await.remember(&kid, token, &claims, now);
        Ok(claims)
    }

    async fn key(&self, kid: &str, now: OffsetDateTime) -> Result<Option<DecodingKey>, Problem> {
        let mut keys = self.keys.lock().await;
        let age = keys.read_at.map(|at| now - at);
        let due = match age {
            None => true,
            Some(age) if keys.by_kid.contains_key(kid) => age > KEYS_FRESH,
            Some(age) => age > UNKNOWN_KID_PAUSE,
        };
        if due {
            let rows = self.store.signing_keys().await?;
            keys.by_kid = rows
                .into_iter()
                .map(|key| (key.kid, DecodingKey::from_ed_der(&key.public_key)))
                .collect();
            keys.read_at = Some(now);
            keys.verified.clear();
        }
        Ok(keys.by_kid.get(kid).cloned())
    }
}

impl Keys {
    /// What a token says that these keys verified before, for as long as they and it are good.
    fn remembered(&self, token: &str, now: OffsetDateTime) -> Option<Arc<Claims>> {
        let fresh = self.read_at.is_some_and(|at| now - at <= KEYS_FRESH);
        let claims = self.verified.get(token).filter(|_| fresh)?;
        (claims.exp > now.unix_timestamp()).then(|| Arc::clone(claims))
    }

    /// Keeps what the key `kid` verified, unless that was taken away meanwhile.
    fn remember(&mut self, kid: &str, token: &str, claims: &Arc<Claims>, now: OffsetDateTime) {
        if self.verified.len() >= REMEMBERED {
            self.verified
                .retain(|_, known| known.exp > now.unix_timestamp());
        }
        if self.verified.len() < REMEMBERED && self.by_kid.contains_key(kid) {
            self.verified.insert(token.into(), Arc::clone(claims));
        }
    }
}
