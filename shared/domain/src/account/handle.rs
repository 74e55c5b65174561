//! Handles: what `@mention` uses.

use super::{Email, Fault, FullName};
use crate::text::nfc;

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

/// Handles that mean everyone, or the service itself.
fn is_reserved(handle: &str) -> bool {
    matches!(
        handle,
        "room" | "here" | "all" | "everyone" | "channel" | "maru" | "system"
    )
}
