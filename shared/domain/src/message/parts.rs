//! The parts of a draft: text, the client's own name for it, data for clients.

use serde_json::{Map, Value};

/// The text of a message: 1 to [`Content::MAX_CHARS`] Unicode scalar values, NFC, never blank.
///
/// Outer white space is dropped; what is inside stays as typed, line breaks too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(pub(super) String);

/// A client's own name for one attempt to send: 1 to [`ClientId::MAX_CHARS`] printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(pub(super) String);

/// A JSON object for clients, at most [`Metadata::MAX_BYTES`] as compact JSON. The server never reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata(pub(super) Map<String, Value>);

/// What is wrong with a part of a draft; one variant per rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing visible in it.
    #[error("say something: only white space is not a message")]
    Blank,
    /// Too many characters.
    #[error("at most {} characters", Content::MAX_CHARS)]
    TooLong,
    /// U+0000, which no database keeps.
    #[error("the character U+0000 cannot be stored")]
    Nul,
    /// Not 1 to 64 printable ASCII characters.
    #[error("1 to {} printable ASCII characters", ClientId::MAX_CHARS)]
    BadClientId,
    /// Not a JSON object.
    #[error("a JSON object")]
    NotObject,
    /// More than ten attachments.
    #[error("at most {} attachments", super::Attachments::MAX)]
    TooManyAttachments,
    /// The same thing attached twice.
    #[error("each file or upload once")]
    AttachedTwice,
    /// An object that takes too many bytes.
    #[error("at most {} bytes of JSON", Metadata::MAX_BYTES)]
    TooLarge,
}

impl Content {
    /// Longest text, in Unicode scalar values after normalisation.
    pub const MAX_CHARS: usize = 4_000;

    /// Normalises `text`, drops outer white space, and takes it if a sayable amount is left.
    ///
    /// # Errors
    /// [`Fault::Blank`], [`Fault::TooLong`] or [`Fault::Nul`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = crate::text::nfc(text.trim());
        if text.contains('\0') {
            return Err(Fault::Nul);
        }
        if text.chars().all(is_invisible) {
            return Err(Fault::Blank);
        }
        if text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Fault::TooLong);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClientId {
    /// Longest, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Takes `text` as it is.
    ///
    /// # Errors
    /// [`Fault::BadClientId`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (1..=Self::MAX_CHARS).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::BadClientId)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Metadata {
    /// Largest, in bytes of compact JSON.
    pub const MAX_BYTES: usize = 4 * 1024;

    /// Takes a JSON object.
    ///
    /// # Errors
    /// [`Fault::NotObject`], [`Fault::TooLarge`] or [`Fault::Nul`].
    pub fn parse(value: Value) -> Result<Self, Fault> {
        if value.to_string().len() > Self::MAX_BYTES {
            return Err(Fault::TooLarge);
        }
        let Value::Object(object) = value else {
            return Err(Fault::NotObject);
        };
        if object
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value))
        {
            return Err(Fault::Nul);
        }
        Ok(Self(object))
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl Fault {
    /// The stable name of the rule, as clients read it beside the field.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::TooLong => "too_long",
            Self::Nul => "bad_character",
            Self::BadClientId => "bad_client_id",
            Self::NotObject => "not_object",
            Self::TooManyAttachments => "too_many",
            Self::AttachedTwice => "duplicate",
            Self::TooLarge => "too_large",
        }
    }
}

/// Whether `c` shows nothing at all: white space, and the fillers and joiners that look like it.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{00ad}'
                | '\u{034f}'
                | '\u{061c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
