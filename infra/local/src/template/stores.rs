//! Buckets, tables and secrets.

use super::{
    Bucket, Cors, Error, Secret, Table,
    node::{Node, Value},
    resolve::Resolver,
};

/// The bucket `logical`.
pub(super) fn bucket(
    resolver: &Resolver<'_>,
    logical: &str,
    resource: &Node,
) -> Result<Bucket, Error> {
    let rules = resource
        .get("Properties")
        .and_then(|properties| properties.get("CorsConfiguration"))
        .map(|cors| cors.need("CorsRules"))
        .transpose()?;
    let cors = match rules.map(Node::items) {
        None => None,
        Some([rule]) => Some(cors(resolver, rule)?),
        Some(_) => {
            return Err(Error::new(
                resource.line,
                "only one CORS rule is understood",
            ));
        }
    };
    Ok(Bucket {
        name: reference(resolver, logical, resource)?,
        cors,
        notifications: Vec::new(),
    })
}

/// The table `logical`.
pub(super) fn table(
    resolver: &Resolver<'_>,
    logical: &str,
    resource: &Node,
) -> Result<Table, Error> {
    let properties = resource.need("Properties")?;
    let keys = properties.need("KeySchema")?.items();
    let key = |kind: &str| -> Result<Option<String>, Error> {
        let found = keys.iter().find(|key| {
            key.get("KeyType")
                .is_some_and(|node| node.text().is_ok_and(|text| text == kind))
        });
        found
            .map(|key| Ok(key.need("AttributeName")?.text()?.to_owned()))
            .transpose()
    };
    let ttl = properties.get("TimeToLiveSpecification");
    Ok(Table {
        name: reference(resolver, logical, resource)?,
        partition_key: key("HASH")?
            .ok_or_else(|| Error::new(resource.line, "a table needs a HASH key"))?,
        sort_key: key("RANGE")?,
        ttl: ttl
            .map(|ttl| resolver.text(ttl.need("AttributeName")?))
            .transpose()?,
    })
}

/// The secret `logical`.
pub(super) fn secret(
    resolver: &Resolver<'_>,
    logical: &str,
    resource: &Node,
) -> Result<Secret, Error> {
    let value = resource
        .get("Properties")
        .and_then(|properties| properties.get("SecretString"));
    Ok(Secret {
        arn: reference(resolver, logical, resource)?,
        value: value.map_or(Ok(String::new()), |node| resolver.text(node))?,
    })
}

fn cors(resolver: &Resolver<'_>, rule: &Node) -> Result<Cors, Error> {
    let list = |key: &str| {
        rule.get(key)
            .map_or(Ok(Vec::new()), |node| resolver.list(node))
    };
    Ok(Cors {
        origins: list("AllowedOrigins")?,
        methods: list("AllowedMethods")?,
        headers: list("AllowedHeaders")?,
        expose: list("ExposedHeaders")?,
        max_age_s: rule
            .get("MaxAge")
            .map_or(Ok(0), |node| resolver.number(node))?,
    })
}

/// What `!Ref` gives for the resource itself.
fn reference(resolver: &Resolver<'_>, logical: &str, resource: &Node) -> Result<String, Error> {
    let text = Node {
        line: resource.line,
        value: Value::Text(logical.to_owned()),
    };
    resolver.text(&Node {
        line: resource.line,
        value: Value::Call("Ref".to_owned(), Box::new(text)),
    })
}
