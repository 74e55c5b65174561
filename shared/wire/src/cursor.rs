//! Opaque page cursors: a position, encoded. Nothing in them is secret or trusted: whatever a cursor
//! says is checked like any other input.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::FieldError;

/// Longest cursor that is read, in characters.
const MAX_LENGTH: usize = 16 * 1024;

/// Encodes a position; an empty string when it cannot be written as JSON, which no position of ours can cause.
#[must_use]
pub fn encode<T: Serialize>(position: &T) -> String {
    serde_json::to_vec(position)
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .unwrap_or_default()
}

/// Reads a position back.
///
/// # Errors
/// A field error for `cursor` when it is not one of ours.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, FieldError> {
    let wrong = || {
        FieldError::new(
            "cursor",
            "bad_cursor",
            "take the cursor from an answer of this list, unchanged, or leave it out",
        )
    };
    if cursor.len() > MAX_LENGTH {
        return Err(wrong());
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    serde_json::from_slice(&json).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_position_comes_back(at in any::<i64>(), name in ".*") {
            let position = (at, name);
            prop_assert_eq!(decode::<(i64, String)>(&encode(&position)), Ok(position));
        }

        #[test]
        fn foreign_text_is_refused_or_read_but_never_panics(text in ".*") {
            drop(decode::<(i64, String)>(&text));
        }
    }
}
