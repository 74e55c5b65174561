//! Refresh tokens: opaque, stored hashed, each made from the one before it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// The first token of a session, from 32 random bytes.
#[must_use]
pub(crate) fn first(random: [u8; 32]) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// The token that follows `token` when its use was made with `client_id`.
///
/// `seed` is random and stored beside the hash of `token`: whoever knows only what is stored cannot make the
/// next token, and a retry with the same token and `client_id` gets the same one.
#[must_use]
pub(crate) fn next(token: &str, client_id: Option<&str>, seed: &[u8]) -> Secret<String> {
    let mut hash = Sha256::new();
    for part in [
        b"maru refresh".as_slice(),
        seed,
        token.as_bytes(),
        client_id.unwrap_or("").as_bytes(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Secret::new(URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// What is stored of a token or a client id.
#[must_use]
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_a2_a_retry_makes_the_same_token_and_nothing_else_does() {
        let token = next("old", Some("attempt"), &[1; 32]);
        assert_eq!(token, next("old", Some("attempt"), &[1; 32]));
        for other in [
            next("older", Some("attempt"), &[1; 32]),
            next("old", Some("other"), &[1; 32]),
            next("old", None, &[1; 32]),
            next("old", Some("attempt"), &[2; 32]),
        ] {
            assert_ne!(token, other);
        }
    }
}
