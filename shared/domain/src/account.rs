//! Who people are to each other and to the door: addresses, passwords, names, handles, sign-in limits.

use std::fmt;

use time::{Duration, OffsetDateTime};

use crate::text::nfc;

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

/// An email address, kept in lower case: two that differ only in case are the same person's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Longest address (RFC 5321's path, without its brackets).
    pub const MAX_CHARS: usize = 254;
    /// Longest part before the `@`.
    pub const MAX_LOCAL_CHARS: usize = 64;

    /// Takes `text` as an address: ASCII, one `@`, a name before it and a dotted host name after it.
    ///
    /// # Errors
    /// [`Fault::BadEmail`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_ascii_lowercase();
        let (local, host) = text.split_once('@').ok_or(Fault::BadEmail)?;
        let fits = text.len() <= Self::MAX_CHARS && local.len() <= Self::MAX_LOCAL_CHARS;
        if fits && is_local(local) && is_host(host) {
            Ok(Self(text))
        } else {
            Err(Fault::BadEmail)
        }
    }

    /// The address in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
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

/// What `@mention` uses: unique in a company, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle(String);

impl Handle {
    /// Fewest characters.
    pub const MIN_CHARS: usize = 2;
    /// Most characters.
    pub const MAX_CHARS: usize = 30;

    /// Takes `text` as a handle, with or without the `@`.
    ///
    /// # Errors
    /// [`Fault::BadHandle`], [`Fault::ReservedHandle`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = nfc(text.trim()).to_lowercase();
        let text = text.strip_prefix('@').unwrap_or(&text);
        let long = (Self::MIN_CHARS..=Self::MAX_CHARS).contains(&text.chars().count());
        let edges =
            text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric);
        if !(long && edges && text.chars().all(Self::allows)) {
            return Err(Fault::BadHandle);
        }
        if is_reserved(text) {
            return Err(Fault::ReservedHandle);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `c` may stand in a handle.
    #[must_use]
    pub fn allows(c: char) -> bool {
        c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
    }

    /// A handle made from an address, else from a name; what follows a `+` in the address is left out.
    #[must_use]
    pub fn derive(email: &Email, name: &FullName) -> Self {
        let local = email.local().split('+').next().unwrap_or("");
        Self::from_text(local)
            .or_else(|| Self::from_text(name.as_str()))
            .unwrap_or_else(|| Self("person".to_owned()))
    }

    /// The handles to try in turn until one is free: as it is, then numbered, at last with `tail`.
    #[must_use]
    pub fn candidates(&self, tail: &str) -> Vec<String> {
        let numbered = (2..=9).map(|number| self.followed_by(&number.to_string()));
        std::iter::once(self.0.clone())
            .chain(numbered)
            .chain([self.followed_by(tail)])
            .collect()
    }

    /// The handle, without `@`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_text(text: &str) -> Option<Self> {
        let kept: String = nfc(text)
            .to_lowercase()
            .chars()
            .filter(|c| Self::allows(*c))
            .take(Self::MAX_CHARS)
            .collect();
        let kept = kept.trim_matches(|c: char| !c.is_alphanumeric());
        if is_reserved(kept) {
            return Some(Self(format!("{kept}1")));
        }
        Self::parse(kept).ok()
    }

    fn followed_by(&self, tail: &str) -> String {
        let room = Self::MAX_CHARS.saturating_sub(tail.chars().count());
        let head: String = self.0.chars().take(room).collect();
        format!("{head}{tail}")
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

/// Handles that mean everyone, or the service itself.
fn is_reserved(handle: &str) -> bool {
    matches!(
        handle,
        "room" | "here" | "all" | "everyone" | "channel" | "maru" | "system"
    )
}

fn is_local(local: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
    !local.is_empty()
        && local.bytes().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_a_name = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.len() > 1 && !last.bytes().all(|c| c.is_ascii_digit()));
    host.contains('.') && host.split('.').all(label) && last_is_a_name
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
