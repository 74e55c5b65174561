//! Intrinsic functions and conditions, resolved to local values.

use std::collections::BTreeMap;

use super::{
    Error,
    node::{Node, Value},
};

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// `AWS::NoValue`: as if the property were not there.
    Nothing,
    Text(String),
    List(Vec<String>),
}

/// Resolves expressions of one template.
pub(super) struct Resolver<'a> {
    pub(super) root: &'a Node,
    /// Local values, by `Name` (what `Ref` gives) or `Logical.Attribute`.
    pub(super) values: &'a BTreeMap<String, String>,
}

/// What a stack in an account of its own would say; local addresses come from the given values.
const PSEUDO: [(&str, &str); 5] = [
    ("AWS::AccountId", "000000000000"),
    ("AWS::Partition", "aws"),
    ("AWS::Region", "ap-northeast-2"),
    ("AWS::StackName", "maru"),
    ("AWS::URLSuffix", "amazonaws.com"),
];

impl Resolver<'_> {
    /// The single text that `node` comes to.
    pub(super) fn text(&self, node: &Node) -> Result<String, Error> {
        match self.resolve(node)? {
            Resolved::Text(text) => Ok(text),
            Resolved::Nothing => Err(Error::new(node.line, "a value is needed here")),
            Resolved::List(_) => Err(Error::new(node.line, "expected one value, found a list")),
        }
    }

    /// The texts that `node` comes to; one text is a list of itself.
    pub(super) fn list(&self, node: &Node) -> Result<Vec<String>, Error> {
        match self.resolve(node)? {
            Resolved::Text(text) => Ok(vec![text]),
            Resolved::Nothing => Ok(Vec::new()),
            Resolved::List(items) => Ok(items),
        }
    }

    /// The whole number that `node` comes to.
    pub(super) fn number(&self, node: &Node) -> Result<u64, Error> {
        let text = self.text(node)?;
        text.parse()
            .map_err(|_| Error::new(node.line, format!("`{text}` is not a whole number")))
    }

    /// What `node` comes to.
    pub(super) fn resolve(&self, node: &Node) -> Result<Resolved, Error> {
        match &node.value {
            Value::Null => Ok(Resolved::Nothing),
            Value::Text(text) => Ok(Resolved::Text(text.clone())),
            Value::Map(_) => Err(Error::new(node.line, "expected a value, found a map")),
            Value::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    texts.extend(self.list(item)?);
                }
                Ok(Resolved::List(texts))
            }
            Value::Call(name, argument) => self.call(name, argument),
        }
    }

    /// Whether the condition `name` of the template holds.
    pub(super) fn condition(&self, name: &str, line: usize) -> Result<bool, Error> {
        let condition = self
            .root
            .get("Conditions")
            .and_then(|conditions| conditions.get(name))
            .ok_or_else(|| Error::new(line, format!("there is no condition `{name}`")))?;
        self.holds(condition)
    }

    /// What `Ref` gives for the function `logical` here, if it is one.
    pub(super) fn function_name(&self, logical: &str) -> Option<&str> {
        let resource = self.root.get("Resources")?.get(logical)?;
        let binary = resource
            .get("Metadata")?
            .get("BuildProperties")?
            .get("Binary")?;
        binary.text().ok()?.strip_prefix("maru-")
    }

    fn call(&self, name: &str, argument: &Node) -> Result<Resolved, Error> {
        let line = argument.line;
        match (name, argument.items()) {
            ("Ref", _) => self.reference(argument.text()?, line),
            ("Sub", _) => self.substitute(argument.text()?, line).map(Resolved::Text),
            ("GetAtt", [path]) => self.attribute(path.text()?, line).map(Resolved::Text),
            ("GetAtt", [logical, attribute]) => {
                let path = format!("{}.{}", logical.text()?, attribute.text()?);
                self.attribute(&path, line).map(Resolved::Text)
            }
            ("If", [condition, then, otherwise]) => {
                let holds = self.condition(condition.text()?, line)?;
                self.resolve(if holds { then } else { otherwise })
            }
            ("Join", [separator, items]) => {
                let items = self.list(items)?;
                Ok(Resolved::Text(items.join(separator.text()?)))
            }
            ("Split", [separator, text]) => {
                let text = self.text(text)?;
                let parts = text.split(separator.text()?).map(str::to_owned);
                Ok(Resolved::List(parts.collect()))
            }
            _ => Err(Error::new(
                line,
                format!("`!{name}` is not understood here"),
            )),
        }
    }

    fn holds(&self, node: &Node) -> Result<bool, Error> {
        let Value::Call(name, argument) = &node.value else {
            return Err(Error::new(node.line, "expected a condition"));
        };
        match (name.as_str(), argument.items()) {
            ("Condition", [name]) => self.condition(name.text()?, node.line),
            ("Equals", [left, right]) => Ok(self.resolve(left)? == self.resolve(right)?),
            ("Not", [inner]) => Ok(!self.holds(inner)?),
            ("And", all) => all
                .iter()
                .try_fold(true, |so_far, one| Ok(so_far & self.holds(one)?)),
            ("Or", any) => any
                .iter()
                .try_fold(false, |so_far, one| Ok(so_far | self.holds(one)?)),
            _ => Err(Error::new(
                node.line,
                format!("`!{name}` is not a condition"),
            )),
        }
    }

    fn reference(&self, name: &str, line: usize) -> Result<Resolved, Error> {
        if name == "AWS::NoValue" {
            return Ok(Resolved::Nothing);
        }
        let parameter = self.root.get("Parameters").and_then(|all| all.get(name));
        let text = match (self.values.get(name), parameter) {
            (Some(value), _) => value.clone(),
            (None, Some(parameter)) => self.default_of(name, parameter)?,
            (None, None) => return self.name_of(name, line).map(Resolved::Text),
        };
        let kind = parameter.and_then(|parameter| parameter.get("Type"));
        match kind.map(Node::text).transpose()? {
            Some("CommaDelimitedList") => Ok(Resolved::List(
                text.split(',').map(|item| item.trim().to_owned()).collect(),
            )),
            _ => Ok(Resolved::Text(text)),
        }
    }

    fn default_of(&self, name: &str, parameter: &Node) -> Result<String, Error> {
        match parameter.get("Default") {
            Some(default) => self.text(default),
            None => Err(Error::new(
                parameter.line,
                format!("the parameter `{name}` has no default and no local value"),
            )),
        }
    }

    /// What a pseudo parameter or a resource is called.
    fn name_of(&self, name: &str, line: usize) -> Result<String, Error> {
        if let Some((_, value)) = PSEUDO.iter().find(|(pseudo, _)| *pseudo == name) {
            return Ok((*value).to_owned());
        }
        if let Some(function) = self.function_name(name) {
            return Ok(function.to_owned());
        }
        let resource = self
            .root
            .get("Resources")
            .and_then(|resources| resources.get(name))
            .ok_or_else(|| Error::new(line, format!("nothing is called `{name}`")))?;
        let explicit = resource.get("Properties").and_then(|properties| {
            ["BucketName", "TableName"]
                .iter()
                .find_map(|key| properties.get(key))
        });
        match (explicit, resource.need("Type")?.text()?) {
            (Some(explicit), _) => self.text(explicit),
            (None, "AWS::SecretsManager::Secret") => {
                self.substitute(&format!("arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:${{AWS::StackName}}-{name}"), line)
            }
            (None, _) => self.substitute(&format!("${{AWS::StackName}}-{name}"), line),
        }
    }

    fn attribute(&self, path: &str, line: usize) -> Result<String, Error> {
        if let Some(value) = self.values.get(path) {
            return Ok(value.clone());
        }
        let function = path
            .strip_suffix(".Arn")
            .and_then(|logical| self.function_name(logical));
        match function {
            Some(name) => self.substitute(&format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"), line),
            None => Err(Error::new(line, format!("`{path}` has no value on this machine"))),
        }
    }

    /// Replaces each `${Name}` and `${Logical.Attribute}`; `${!Name}` stays `${Name}`.
    fn substitute(&self, text: &str, line: usize) -> Result<String, Error> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| Error::new(line, "`${` without `}`"))?;
            done.push_str(before);
            match (name.strip_prefix('!'), name.contains('.')) {
                (Some(literal), _) => done.push_str(&format!("${{{literal}}}")),
                (None, true) => done.push_str(&self.attribute(name, line)?),
                (None, false) => match self.reference(name, line)? {
                    Resolved::Text(value) => done.push_str(&value),
                    _ => return Err(Error::new(line, format!("`{name}` is not one text"))),
                },
            }
            rest = after;
        }
        done.push_str(rest);
        Ok(done)
    }
}
