//! YAML as CloudFormation means it: intrinsic functions become calls, everything keeps its line.

use saphyr::{LoadableYamlNode, MarkedYamlOwned, ScalarOwned, YamlDataOwned};

use super::Error;

/// One value of the document.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a [`Node`] holds. Scalars are kept as their text: CloudFormation has no other type either.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// `!Ref X`, `{Ref: X}`, `!Fn X` or `{Fn::Fn: X}`: the short name, and what it is applied to.
    Call(String, Box<Node>),
}

impl Node {
    /// Reads the one document in `text`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mut documents = MarkedYamlOwned::load_from_str(text)
            .map_err(|error| Error::new(error.marker().line(), error.to_string()))?;
        match (documents.pop(), documents.is_empty()) {
            (Some(document), true) => Self::from_yaml(document),
            _ => Err(Error::new(1, "a template is exactly one YAML document")),
        }
    }

    /// The member `key` of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// The member `key`, which must be there.
    pub(super) fn need(&self, key: &str) -> Result<&Self, Error> {
        self.get(key)
            .ok_or_else(|| Error::new(self.line, format!("`{key}` is missing")))
    }

    /// The members of a map; none for anything else.
    pub(super) fn members(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; a single value counts as a list of itself.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar that needs no resolving.
    pub(super) fn text(&self) -> Result<&str, Error> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(Error::new(self.line, "expected a plain value")),
        }
    }

    fn from_yaml(yaml: MarkedYamlOwned) -> Result<Self, Error> {
        let line = yaml.span.start.line();
        let value = match yaml.data {
            YamlDataOwned::Value(scalar) => Self::scalar(scalar),
            YamlDataOwned::Representation(text, ..) => Value::Text(text),
            YamlDataOwned::Sequence(items) => Value::List(
                items
                    .into_iter()
                    .map(Self::from_yaml)
                    .collect::<Result<_, _>>()?,
            ),
            YamlDataOwned::Mapping(members) => Self::map(
                members
                    .into_iter()
                    .map(|(key, value)| {
                        let key = Self::from_yaml(key)?;
                        Ok((key.text()?.to_owned(), Self::from_yaml(value)?))
                    })
                    .collect::<Result<_, Error>>()?,
            ),
            YamlDataOwned::Tagged(tag, node) => {
                // The parser leaves the place of a tagged node to its tag.
                let argument = Self::from_yaml(*node)?;
                let line = argument.line.max(line);
                Value::Call(tag.suffix.clone(), Box::new(Self { line, ..argument }))
            }
            YamlDataOwned::Alias(_) | YamlDataOwned::BadValue => {
                return Err(Error::new(line, "this YAML is not understood"));
            }
        };
        Ok(Self { line, value })
    }

    fn scalar(scalar: ScalarOwned) -> Value {
        match scalar {
            ScalarOwned::Null => Value::Null,
            ScalarOwned::Boolean(value) => Value::Text(value.to_string()),
            ScalarOwned::Integer(value) => Value::Text(value.to_string()),
            ScalarOwned::FloatingPoint(value) => Value::Text(value.to_string()),
            ScalarOwned::String(text) => Value::Text(text),
        }
    }

    /// A map, or the long form of a call.
    fn map(mut members: Vec<(String, Self)>) -> Value {
        let call = match members.as_slice() {
            [(key, _)] if key == "Ref" || key == "Condition" => Some(key.clone()),
            [(key, _)] => key.strip_prefix("Fn::").map(str::to_owned),
            _ => None,
        };
        match (call, members.len()) {
            (Some(name), 1) => Value::Call(name, Box::new(members.remove(0).1)),
            _ => Value::Map(members),
        }
    }
}
