//! Hashing passwords: argon2id with OWASP's parameters; bcrypt only to let older hashes in once.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use domain::account::Password;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// A hash of today's kind that no password has: what is checked when there is nobody to check.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWFydSBoYXMgbm9ib2R5IQ$\
                      J0sB1kPH3YHhTz6Ud0ZqJdYwq6cNn8u0mX0uVb2m5lE";

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Not the one.
    Wrong,
    /// The one.
    Right,
    /// The one, but kept in a hash of an older kind: hash it anew.
    RightButOld,
}

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub struct HashError(String);

/// The hash of a new password under a fresh `salt`.
///
/// # Errors
/// When the parameters are refused, which no input can cause.
pub fn hash(password: &Password, salt: [u8; 16]) -> Result<String, HashError> {
    let hash = argon2()?
        .hash_password_with_salt(password.expose().as_bytes(), &salt)
        .map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that `stored` was made from; with nobody's hash the same work is done for nothing.
#[must_use]
pub fn verify(password: &Password, stored: Option<&str>) -> Match {
    match stored {
        None => {
            verify_argon2(password, NOBODY);
            Match::Wrong
        }
        Some(hash) if hash.starts_with("$2") => verify_bcrypt(password, hash),
        Some(hash) => verify_argon2(password, hash),
    }
}

fn verify_argon2(password: &Password, stored: &str) -> Match {
    let (Ok(argon2), Ok(parsed)) = (argon2(), PasswordHash::new(stored)) else {
        return Match::Wrong;
    };
    let right = argon2
        .verify_password(password.expose().as_bytes(), &parsed)
        .is_ok();
    match (right, is_current(&parsed)) {
        (false, _) => Match::Wrong,
        (true, true) => Match::Right,
        (true, false) => Match::RightButOld,
    }
}

fn verify_bcrypt(password: &Password, stored: &str) -> Match {
    match bcrypt::verify(password.expose(), stored) {
        Ok(true) => Match::RightButOld,
        Ok(false) | Err(_) => Match::Wrong,
    }
}

fn is_current(hash: &PasswordHash) -> bool {
    let params = Params::try_from(hash);
    params.is_ok_and(|params| {
        params.m_cost() == MEMORY_KIB && params.t_cost() == PASSES && params.p_cost() == LANES
    }) && hash.algorithm == argon2::ARGON2ID_IDENT
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_a1_hashes_are_argon2id_with_owasps_parameters() {
        let password = Password::attempt("Maru-hall-2026");
        let stored = hash(&password, [7; 16]).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert_eq!(verify(&password, Some(&stored)), Match::Right);
        assert_eq!(
            verify(&Password::attempt("Maru-hall-2027"), Some(&stored)),
            Match::Wrong
        );
        assert_ne!(stored, hash(&password, [8; 16]).unwrap());
    }

    #[test]
    fn r_a1_a_bcrypt_hash_still_verifies_and_asks_for_a_new_one() {
        let password = Password::attempt("Maru-hall-2026");
        let stored = bcrypt::hash(password.expose(), 4).unwrap();
        assert_eq!(verify(&password, Some(&stored)), Match::RightButOld);
        assert_eq!(
            verify(&Password::attempt("other"), Some(&stored)),
            Match::Wrong
        );
    }

    #[test]
    fn r_a1_weaker_argon2_asks_for_a_new_one() {
        let password = Password::attempt("Maru-hall-2026");
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(1_024, 1, 1, None).unwrap(),
        );
        let stored = weak
            .hash_password_with_salt(password.expose().as_bytes(), &[1; 16])
            .unwrap()
            .to_string();
        assert_eq!(verify(&password, Some(&stored)), Match::RightButOld);
    }

    #[test]
    fn r_a3_nobodys_hash_costs_the_same_work() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        assert!(is_current(&parsed));
        assert_eq!(verify(&Password::attempt("anything"), None), Match::Wrong);
    }

    #[test]
    fn a_stored_text_that_is_no_hash_matches_nothing() {
        for stored in ["", "plain", "$2b$", "$argon2id$"] {
            assert_eq!(
                verify(&Password::attempt("plain"), Some(stored)),
                Match::Wrong
            );
        }
    }
}
