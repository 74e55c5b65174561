//! JSON that is written once for all who get it.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A `T` as JSON: within other JSON it is copied, not written again.
#[derive(Debug, Clone)]
pub struct Written<T> {
    json: Box<RawValue>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize> Written<T> {
    /// Writes `value`.
    ///
    /// # Errors
    /// As the value's own writing.
    pub fn new(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self {
            json: to_raw_value(value)?,
            of: PhantomData,
        })
    }
}

impl<T> Written<T> {
    /// The JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.json.get()
    }
}

impl<T> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_string};

    use super::*;

    #[test]
    fn within_other_json_it_is_what_it_was_made_of() {
        let value = json!({ "text": "회의 \"A\"\n", "list": [1, null] });
        let written = Written::new(&value).unwrap();
        assert_eq!(written.as_str(), to_string(&value).unwrap());
        assert_eq!(to_string(&[&written]).unwrap(), json!([value]).to_string());
    }
}
