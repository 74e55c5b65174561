//! What people and clients say about a file.

use serde_json::{Map, Value};

use crate::room::BadText;
use crate::search::{Indexed, index};
use crate::text::nfc;
use crate::upload::FileName;

/// What a file is: up to [`Description::MAX_CHARS`] characters, lines allowed, may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

impl Description {
    /// Most characters.
    pub const MAX_CHARS: usize = 1_000;

    /// Takes `text` if it can describe a file.
    ///
    /// # Errors
    /// [`BadText`].
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let text = nfc(text.trim());
        let unseen = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.chars().any(unseen) {
            return Err(BadText::Control);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(BadText::Length {
                least: 0,
                most: Self::MAX_CHARS,
            });
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON object of at most [`Metadata::MAX_BYTES`] that clients keep with a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata(Value);

/// Why metadata was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMetadata {
    /// It is too large.
    #[error("at most {} bytes of JSON", Metadata::MAX_BYTES)]
    TooLarge,
    /// The database keeps no U+0000.
    #[error("a text in it holds the character U+0000")]
    Nul,
}

impl Metadata {
    /// Most bytes, written without white space.
    pub const MAX_BYTES: usize = 4_096;

    /// Takes `object` if it is small enough.
    ///
    /// # Errors
    /// [`BadMetadata`].
    pub fn parse(object: Map<String, Value>) -> Result<Self, BadMetadata> {
        let value = Value::Object(object);
        let text = value.to_string();
        if text.len() > Self::MAX_BYTES {
            return Err(BadMetadata::TooLarge);
        }
        if text.contains("\\u0000") {
            return Err(BadMetadata::Nul);
        }
        Ok(Self(value))
    }

    /// The object.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

/// What is to change about a file; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// A new name.
    pub name: Option<FileName>,
    /// A new description.
    pub description: Option<Description>,
    /// New metadata, or `Some(None)` for none any more.
    pub metadata: Option<Option<Metadata>>,
}

impl Change {
    /// What the search keeps of the new name.
    #[must_use]
    pub fn indexed(&self) -> Option<Indexed> {
        self.name.as_ref().map(|name| index(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(value: &Value) -> Result<Metadata, BadMetadata> {
        Metadata::parse(value.as_object().unwrap().clone())
    }

    #[test]
    fn r_f7_metadata_is_small_json() {
        assert!(metadata(&json!({"a": "x".repeat(4_088)})).is_ok());
        assert_eq!(
            metadata(&json!({"a": "x".repeat(4_089)})),
            Err(BadMetadata::TooLarge)
        );
        assert_eq!(metadata(&json!({"a": ["\0"]})), Err(BadMetadata::Nul));
    }

    #[test]
    fn r_f7_descriptions_have_lines_and_an_end() {
        assert!(Description::parse(&"가".repeat(1_000)).is_ok());
        assert!(Description::parse(&"가".repeat(1_001)).is_err());
        assert!(Description::parse("one\ntwo").is_ok());
        assert_eq!(Description::parse("\u{7}"), Err(BadText::Control));
    }
}
