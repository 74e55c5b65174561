//! What template.yaml says, as plain values: the local stack is made from this and nothing else.
//!
//! What cannot be interpreted stops with its line, so that nothing is deployed that was not tried.

mod functions;
mod node;
mod resolve;
mod sockets;
mod stores;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use node::Node;
use resolve::Resolver;

/// Everything that the local stack makes.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// The functions, in the order of the file.
    pub functions: Vec<Function>,
    /// The routes of the HTTP API.
    pub routes: Vec<Route>,
    /// How the HTTP API answers browsers of other origins.
    pub cors: Option<Cors>,
    /// The WebSocket API.
    pub sockets: Option<Sockets>,
    /// Functions that are called as time goes by.
    pub schedules: Vec<Schedule>,
    /// Buckets and who hears about new objects.
    pub buckets: Vec<Bucket>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// Secrets.
    pub secrets: Vec<Secret>,
}

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// What it is called here: its binary's name without `maru-`.
    pub name: String,
    /// Its environment, resolved.
    pub environment: BTreeMap<String, String>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// What it is given, in MiB; told to it, not enforced.
    pub memory_mb: u64,
    /// The most instances at once, when it has a limit of its own.
    pub concurrency: Option<usize>,
    /// How often an asynchronous invocation that failed is tried again.
    pub event_retries: u32,
    /// When an asynchronous invocation is given up.
    pub event_max_age: Duration,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `None`: any method.
    pub method: Option<String>,
    /// As in the template, with `{parameters}`; `$default` takes what no other route does.
    pub path: String,
    /// The name of its function.
    pub function: String,
}

/// Cross-origin rules, for the HTTP API or a bucket. Names as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// Origins; `*` for all.
    pub origins: Vec<String>,
    /// Methods that a preflight may name.
    pub methods: Vec<String>,
    /// Request headers that a preflight may name.
    pub headers: Vec<String>,
    /// Answer headers that scripts may read.
    pub expose: Vec<String>,
    /// How long a browser may keep a preflight's answer, in seconds.
    pub max_age_s: u64,
}

/// The WebSocket API. Functions by name.
#[derive(Debug, Clone, Default)]
pub struct Sockets {
    /// The stage: the path under which it is reached.
    pub stage: String,
    /// The member of a JSON frame that names its route (`action`).
    pub selection: String,
    /// Who decides about a handshake.
    pub authorizer: Option<String>,
    /// Route key to function: `$connect`, `$default`, `$disconnect` and own ones.
    pub routes: BTreeMap<String, String>,
}

/// A function called at a fixed rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The function's name.
    pub function: String,
    /// The time between two calls, and before the first.
    pub every: Duration,
    /// The event it gets: a JSON document.
    pub input: String,
}

/// An S3 bucket.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// What it is called.
    pub name: String,
    /// Its cross-origin rules.
    pub cors: Option<Cors>,
    /// Who hears about what: (`s3:ObjectCreated:*`, the function's name).
    pub notifications: Vec<(String, String)>,
}

/// A DynamoDB table with text keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is called.
    pub name: String,
    /// The partition key's attribute.
    pub partition_key: String,
    /// The sort key's attribute.
    pub sort_key: Option<String>,
    /// The attribute that holds an item's end, in seconds since 1970.
    pub ttl: Option<String>,
}

/// A secret in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What functions ask for.
    pub arn: String,
    /// Its first value.
    pub value: String,
}

/// A template that the local stack cannot make.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {reason}", file.display())]
pub struct Error {
    file: PathBuf,
    line: usize,
    reason: String,
}

impl Template {
    /// Reads the template at `path`. `values` gives the local values of parameters and resources by
    /// what they are called in it: `Table`, `Data.Outputs.PostgresUrl`, `ManagementEndpoint`; names
    /// that are not given have their defaults.
    ///
    /// # Errors
    /// When the file cannot be read or says something that has no local meaning.
    pub fn read(path: &Path, values: &BTreeMap<String, String>) -> Result<Self, Error> {
        std::fs::read_to_string(path)
            .map_err(|error| Error::new(0, error.to_string()))
            .and_then(|text| Self::parse(&text, values))
            .map_err(|error| Error {
                file: path.to_owned(),
                ..error
            })
    }

    fn parse(text: &str, values: &BTreeMap<String, String>) -> Result<Self, Error> {
        let root = Node::parse(text)?;
        let resolver = Resolver {
            root: &root,
            values,
        };
        let mut template = Self::default();
        for (logical, resource) in root.need("Resources")?.members() {
            if let Some(condition) = resource.get("Condition")
                && !resolver.condition(condition.text()?, condition.line)?
            {
                continue;
            }
            template.add(&resolver, logical, resource)?;
        }
        functions::subscribe(&resolver, &mut template)?;
        Ok(template)
    }

    fn add(
        &mut self,
        resolver: &Resolver<'_>,
        logical: &str,
        resource: &Node,
    ) -> Result<(), Error> {
        let kind = resource.need("Type")?;
        match kind.text()? {
            "AWS::Serverless::Function" => functions::function(self, resolver, logical, resource)?,
            "AWS::Serverless::HttpApi" => self.cors = functions::cors(resolver, resource)?,
            "AWS::ApiGatewayV2::Api" => {
                self.sockets = Some(sockets::sockets(resolver, logical, resource)?);
            }
            "AWS::S3::Bucket" => self
                .buckets
                .push(stores::bucket(resolver, logical, resource)?),
            "AWS::DynamoDB::Table" => self
                .tables
                .push(stores::table(resolver, logical, resource)?),
            "AWS::SecretsManager::Secret" => {
                self.secrets
                    .push(stores::secret(resolver, logical, resource)?);
            }
            known if has_no_local_meaning(known) => {}
            other => {
                return Err(Error::new(
                    kind.line,
                    format!("`{other}` cannot be made here"),
                ));
            }
        }
        Ok(())
    }
}

impl Error {
    fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            file: PathBuf::new(),
            line,
            reason: reason.into(),
        }
    }
}

/// Permissions, networks, alarms and the parts of the WebSocket API that are read together with it.
fn has_no_local_meaning(kind: &str) -> bool {
    const FAMILIES: [&str; 8] = [
        "AWS::ApiGatewayV2::",
        "AWS::CloudFormation::",
        "AWS::CloudWatch::",
        "AWS::IAM::",
        "AWS::Lambda::Permission",
        "AWS::Logs::",
        "AWS::S3::BucketPolicy",
        "Custom::",
    ];
    FAMILIES.iter().any(|family| kind.starts_with(family))
}
