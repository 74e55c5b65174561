//! The private keys that sign access tokens, as the secret keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::{Deserialize, Serialize};
use store::SigningKey;
use time::{Duration, OffsetDateTime};

use crate::secret::Secret;

/// How old the current key may get.
pub const ROTATE_AFTER: Duration = Duration::days(90);

/// PKCS#8 of an Ed25519 key: this, then its 32 secret bytes (RFC 8410).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// All keys of the secret; `{}` is a ring without any.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    /// The name of the one that signs.
    #[serde(default)]
    current: Option<String>,
    #[serde(default)]
    keys: Vec<Key>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    kid: String,
    pkcs8_base64: String,
    #[serde(with = "wire::rest::timestamp")]
    created_at: OffsetDateTime,
}

/// The key that signs, and its name.
pub struct Current {
    /// Its name.
    pub kid: String,
    /// The private key.
    pub key: EncodingKey,
}

/// What is wrong with a secret; never says what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not the JSON it should be.
    #[error("the secret of signing keys is malformed")]
    Malformed,
    /// No key is current.
    #[error("the secret holds no current signing key; run migrate")]
    Empty,
}

impl Keyring {
    /// Reads the secret's text.
    ///
    /// # Errors
    /// [`KeyringError::Malformed`].
    pub fn read(secret: &Secret<String>) -> Result<Self, KeyringError> {
        serde_json::from_str(secret.expose()).map_err(|_| KeyringError::Malformed)
    }

    /// The secret's text.
    ///
    /// # Errors
    /// [`KeyringError::Malformed`] when a time cannot be written.
    pub fn write(&self) -> Result<Secret<String>, KeyringError> {
        serde_json::to_string(self)
            .map(Secret::new)
            .map_err(|_| KeyringError::Malformed)
    }

    /// The key that signs.
    ///
    /// # Errors
    /// [`KeyringError`] when there is none, or it cannot be read.
    pub fn current(&self) -> Result<Current, KeyringError> {
        let key = self.current_key().ok_or(KeyringError::Empty)?;
        Ok(Current {
            kid: key.kid.clone(),
            key: key.private()?,
        })
    }

    /// Whether it is time for a new key.
    #[must_use]
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.current_key()
            .is_none_or(|key| now - key.created_at >= ROTATE_AFTER)
    }

    /// A ring with one key, made from `secret`. Older private keys are gone: what instances have in memory lasts
    /// until they look again.
    #[must_use]
    pub fn new(kid: String, secret: &Secret<[u8; 32]>, now: OffsetDateTime) -> Self {
        let key = Key {
            kid: kid.clone(),
            pkcs8_base64: STANDARD.encode([PKCS8.as_slice(), secret.expose()].concat()),
            created_at: now,
        };
        Self {
            current: Some(kid),
            keys: vec![key],
        }
    }

    /// The public halves.
    ///
    /// # Errors
    /// [`KeyringError::Malformed`] when a key cannot be read.
    pub fn public(&self) -> Result<Vec<SigningKey>, KeyringError> {
        self.keys.iter().map(Key::public).collect()
    }

    fn current_key(&self) -> Option<&Key> {
        let current = self.current.as_ref()?;
        self.keys.iter().find(|key| key.kid == *current)
    }
}

impl Key {
    fn private(&self) -> Result<EncodingKey, KeyringError> {
        let pkcs8 = STANDARD
            .decode(&self.pkcs8_base64)
            .map_err(|_| KeyringError::Malformed)?;
        Ok(EncodingKey::from_ed_der(&pkcs8))
    }

    fn public(&self) -> Result<SigningKey, KeyringError> {
        let jwk = Jwk::from_encoding_key(&self.private()?, Algorithm::EdDSA)
            .map_err(|_| KeyringError::Malformed)?;
        let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else {
            return Err(KeyringError::Malformed);
        };
        let public_key = URL_SAFE_NO_PAD
            .decode(pair.x)
            .map_err(|_| KeyringError::Malformed)?;
        Ok(SigningKey {
            kid: self.kid.clone(),
            public_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);

    fn ring() -> Keyring {
        Keyring::new("first".into(), &Secret::new([7; 32]), NOW)
    }

    #[test]
    fn r_a2_an_empty_secret_wants_a_key_and_signs_nothing() {
        let empty = Keyring::read(&Secret::new("{}".into())).unwrap();
        assert!(empty.is_due(NOW));
        assert_eq!(empty.current().err(), Some(KeyringError::Empty));
    }

    #[test]
    fn r_a2_a_ring_comes_back_from_its_secret() {
        let read = Keyring::read(&ring().write().unwrap()).unwrap();
        assert_eq!(read.current().unwrap().kid, "first");
        assert_eq!(read.public().unwrap(), ring().public().unwrap());
        assert_eq!(read.public().unwrap()[0].public_key.len(), 32);
    }

    #[test]
    fn r_a2_keys_rotate_after_90_days() {
        assert!(!ring().is_due(NOW + Duration::days(89)));
        assert!(ring().is_due(NOW + ROTATE_AFTER));
    }

    #[test]
    fn r_a2_the_public_half_belongs_to_the_private_one() {
        // RFC 8032, test 1.
        let secret = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let ring = Keyring::new("k".into(), &Secret::new(secret), NOW);
        let public = &ring.public().unwrap()[0].public_key;
        assert_eq!(&public[..4], [0xd7, 0x5a, 0x98, 0x01]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "7", "{\"keys\":1}", "{\"more\":1}"] {
            assert!(Keyring::read(&Secret::new(text.into())).is_err());
        }
    }
}
