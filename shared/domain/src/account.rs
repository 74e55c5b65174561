//! Who people are to each other and to the door: addresses, passwords, names, handles, sign-in limits.

mod email;
mod handle;

use std::fmt;

use time::{Duration, OffsetDateTime};

use crate::text::nfc;

pub use email::Email;
pub use handle::Handle;

/// Failed sign-ins, per account and per address, that are let through in one [`THROTTLE_WINDOW`].
pub const THROTTLE_FAILURES: u32 = 5;

/// The time over which failed sign-ins are counted.
pub const THROTTLE_WINDOW: Duration = Duration::minutes(5);

/// Failed sign-ins in a row that lock an account.
pub const LOCK_AFTER: i32 = 5;

/// How long a lock holds.
pub const LOCK_FOR: Duration = Duration::minutes(15);

/// How long a refresh token is good for, counted anew at each use of the session.
pub const SESSION_LIFETIME: Duration = Duration::days(7);

/// Why a text is not what it should be; one variant a rule, each with a stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not an email address.
    #[error("this is not an email address")]
    BadEmail,
    /// A password of fewer than 8 or more than 128 characters.
    #[error(
        "a password has {} to {} characters",
        Password::MIN_CHARS,
        Password::MAX_CHARS
    )]
    PasswordLength,
    /// A password without an upper-case letter.
    #[error("a password has at least one upper-case letter")]
    PasswordUpper,
    /// A password without a lower-case letter.
    #[error("a password has at least one lower-case letter")]
    PasswordLower,
    /// A password without a digit.
    #[error("a password has at least one digit")]
    PasswordDigit,
    /// A name that is empty, too long, or has control characters in it.
    #[error("a name has 1 to {} characters", FullName::MAX_CHARS)]
    BadName,
    /// Not a handle.
    #[error(
        "a handle has {} to {} letters, digits, dots, hyphens or underscores, and begins and ends with a letter or digit",
        Handle::MIN_CHARS,
        Handle::MAX_CHARS
    )]
    BadHandle,
    /// A handle that means a group of people.
    #[error("this handle has a meaning of its own")]
    ReservedHandle,
}

impl Fault {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BadEmail => "bad_email",
            Self::PasswordLength => "password_length",
            Self::PasswordUpper => "password_needs_upper",
            Self::PasswordLower => "password_needs_lower",
            Self::PasswordDigit => "password_needs_digit",
            Self::BadName => "bad_name",
            Self::BadHandle => "bad_handle",
            Self::ReservedHandle => "reserved_handle",
        }
    }
}

/// A password as typed, in NFC (the same word typed on another system is the same password). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Fewest characters of a new one.
    pub const MIN_CHARS: usize = 8;
    /// Most characters of a new one.
    pub const MAX_CHARS: usize = 128;

    /// Takes `text` as a new password.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub fn choose(text: &str) -> Result<Self, Vec<Fault>> {
        let text = nfc(text);
        let mut faults = Vec::new();
        if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&text.chars().count()) {
            faults.push(Fault::PasswordLength);
        }
        if !text.chars().any(char::is_uppercase) {
            faults.push(Fault::PasswordUpper);
        }
        if !text.chars().any(char::is_lowercase) {
            faults.push(Fault::PasswordLower);
        }
        if !text.chars().any(|c| c.is_ascii_digit()) {
            faults.push(Fault::PasswordDigit);
        }
        if faults.is_empty() {
            Ok(Self(text))
        } else {
            Err(faults)
        }
    }

    /// Takes `text` as an attempt at an existing password, which may be older than the rules for new ones.
    #[must_use]
    pub fn attempt(text: &str) -> Self {
        Self(nfc(text))
    }

    /// The password itself, for hashing and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A person's name as others read it: plain text, NFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullName(String);

impl FullName {
    /// Most characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and takes `text`.
    ///
    /// # Errors
    /// [`Fault::BadName`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        name(text, Self::MAX_CHARS).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a lock still holds, and for how long.
#[must_use]
pub fn lock_left(locked_until: Option<OffsetDateTime>, now: OffsetDateTime) -> Option<Duration> {
    locked_until
        .map(|until| until - now)
        .filter(|left| left.is_positive())
}

/// A trimmed name in NFC of 1 to `most` characters, none of them a control character.
pub(crate) fn name(text: &str, most: usize) -> Result<String, Fault> {
    let text = nfc(text.trim());
    let fits = (1..=most).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text)
    } else {
        Err(Fault::BadName)
    }
}

#[cfg(test)]
mod tests;
