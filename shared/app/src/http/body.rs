//! Strict JSON: every field of the wrong shape is named at once, not one a request.
//!
//! A good body is read in one pass. A bad one is read again and again as a value, each time with the
//! field that failed put right, until nothing fails any more: what was put right is the answer.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;
use wire::problem::{Code, FieldError};

use crate::Problem;

/// Most fields that are named in one answer.
const MAX_ERRORS: usize = 32;

/// Reads `bytes` as a `T`.
///
/// # Errors
/// `bad_encoding`, `malformed_json`, or `invalid` with every field of the wrong shape.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Code::BadEncoding.into());
    }
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) if error.is_data() => {
            let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
            let reader = &mut serde_json::Deserializer::from_slice(bytes);
            let first = serde_path_to_error::deserialize::<_, T>(reader).err();
            Err(Problem::invalid(wrong_fields::<T>(value, first)))
        }
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::MalformedJson).with_detail(format!(
        "line {}, column {}",
        error.line(),
        error.column()
    ))
}

fn wrong_fields<T: DeserializeOwned>(
    mut value: Value,
    mut failure: Option<serde_path_to_error::Error<serde_json::Error>>,
) -> Vec<FieldError> {
    let mut errors = vec![];
    let mut mended = Mended::default();
    while let Some(error) = failure {
        let fault = Fault::of(&error);
        if mended.is_new(&fault.pointer) {
            errors.push(fault.field_error());
        }
        if errors.len() >= MAX_ERRORS || !mended.mend(&mut value, &fault) {
            break;
        }
        failure = serde_path_to_error::deserialize::<_, T>(value.clone()).err();
    }
    errors
}

/// One failure of the reader: where, and what is wrong there.
struct Fault {
    pointer: Vec<Segment>,
    code: &'static str,
    detail: String,
    /// A value that an enumeration would take.
    variant: Option<String>,
}

impl Fault {
    fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let mut pointer: Vec<_> = error
            .path()
            .iter()
            .filter(|part| !matches!(part, Segment::Unknown))
            .cloned()
            .collect();
        let text = error.inner().to_string();
        // serde's messages end with a position when they come from text; the path says it better.
        let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let named = text.split('`').nth(1).map(str::to_owned);
        let code = if text.starts_with("unknown field") {
            "unknown_field"
        } else if text.starts_with("missing field") {
            "required"
        } else if text.starts_with("duplicate field") {
            "duplicate_field"
        } else if text.starts_with("invalid type") {
            "wrong_type"
        } else {
            "invalid_value"
        };
        if let (Some(name), "unknown_field" | "required") = (&named, code) {
            let there = matches!(pointer.last(), Some(Segment::Map { key }) if key == name);
            if !there {
                pointer.push(Segment::Map { key: name.clone() });
            }
        }
        let variant = text
            .starts_with("unknown variant")
            .then(|| text.split('`').nth(3).map(str::to_owned))
            .flatten();
        Self {
            pointer,
            code,
            detail: text,
            variant,
        }
    }

    fn field_error(&self) -> FieldError {
        FieldError::new(name(&self.pointer), self.code, self.detail.clone())
    }
}

fn name(pointer: &[Segment]) -> String {
    let mut text = String::new();
    for part in pointer {
        match part {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Unknown => {}
        }
    }
    if text.is_empty() {
        "body".to_owned()
    } else {
        text
    }
}

/// What was put right so far, and how often the same place was tried.
#[derive(Default)]
struct Mended(Vec<(String, usize)>);

impl Mended {
    fn is_new(&self, pointer: &[Segment]) -> bool {
        let name = name(pointer);
        !self.0.iter().any(|(known, _)| *known == name)
    }

    /// Puts a value that may fit where the reader failed; `false` when nothing is left to try.
    fn mend(&mut self, value: &mut Value, fault: &Fault) -> bool {
        let fits = [
            Value::Null,
            json!(""),
            json!(1),
            json!(false),
            json!([]),
            json!({}),
            json!("00000000-0000-7000-8000-000000000000"),
            json!("2000-01-01T00:00:00.000Z"),
        ];
        let name = name(&fault.pointer);
        let tries = match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, tries)) => {
                *tries += 1;
                *tries - 1
            }
            None => {
                self.0.push((name, 1));
                0
            }
        };
        let Some((last, parents)) = fault.pointer.split_last() else {
            return false;
        };
        let Some(parent) = parents.iter().try_fold(value, step) else {
            return false;
        };
        let new = fault
            .variant
            .clone()
            .map(Value::String)
            .or_else(|| fits.get(tries).cloned());
        match (last, parent, new) {
            (Segment::Map { key }, Value::Object(map), _) if fault.code == "unknown_field" => {
                map.remove(key).is_some()
            }
            (Segment::Map { key }, Value::Object(map), Some(new)) => {
                map.insert(key.clone(), new);
                tries < fits.len()
            }
            (Segment::Seq { index }, Value::Array(items), Some(new)) if *index < items.len() => {
                items[*index] = new;
                true
            }
            _ => false,
        }
    }
}

fn step<'a>(value: &'a mut Value, part: &Segment) -> Option<&'a mut Value> {
    match part {
        Segment::Seq { index } => value.get_mut(*index),
        Segment::Map { key } => value.get_mut(key),
        Segment::Enum { .. } | Segment::Unknown => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Public,
        Private,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Part {
        number: i32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Body {
        name: String,
        size: i64,
        kind: Kind,
        id: Option<uuid::Uuid>,
        #[serde(default)]
        parts: Vec<Part>,
    }

    fn fields(json: &str) -> Vec<(String, String)> {
        let problem = read::<Body>(json.as_bytes()).unwrap_err();
        let mut fields: Vec<_> = problem
            .errors
            .into_iter()
            .map(|e| (e.field, e.code))
            .collect();
        fields.sort();
        fields
    }

    #[test]
    fn a_good_body_is_read() {
        assert!(read::<Body>(br#"{"name":"a","size":1,"kind":"public"}"#).is_ok());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let found = fields(
            r#"{"size":"x","kind":"secret","id":"no","parts":[{"number":1},{"number":"2"}],"more":1}"#,
        );
        let expected = [
            ("id", "invalid_value"),
            ("kind", "invalid_value"),
            ("more", "unknown_field"),
            ("name", "required"),
            ("parts[1].number", "wrong_type"),
            ("size", "wrong_type"),
        ];
        assert_eq!(found, expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
    }

    #[test]
    fn each_kind_of_nonsense_has_its_own_answer() {
        let code = |bytes: &[u8]| read::<Body>(bytes).unwrap_err().code;
        assert_eq!(code(b"{\"name\":\"\xff\"}"), Code::BadEncoding);
        assert_eq!(code(b"{\"name\":"), Code::MalformedJson);
        assert_eq!(
            code(b"{\"name\":\"a\",\"size\":1,\"kind\":\"public\"} x"),
            Code::MalformedJson
        );
        assert_eq!(code(b"[]"), Code::Invalid);
        assert_eq!(code("[".repeat(5000).as_bytes()), Code::MalformedJson);
    }
}
