//! Email addresses.

use super::Fault;

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
