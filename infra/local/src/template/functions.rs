//! Functions, and what calls them: routes, schedules, buckets.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Cors, Error, Function, Route, Schedule, Template,
    node::Node,
    resolve::{Resolved, Resolver},
};

/// Lambda's own figures where the template says nothing.
const DEFAULT_TIMEOUT_S: u64 = 3;
const DEFAULT_MEMORY_MB: u64 = 128;
const DEFAULT_EVENT_RETRIES: u64 = 2;
const DEFAULT_EVENT_MAX_AGE_S: u64 = 6 * 60 * 60;

/// Adds the function `logical`.
pub(super) fn function(
    template: &mut Template,
    resolver: &Resolver<'_>,
    logical: &str,
    resource: &Node,
) -> Result<(), Error> {
    let name = name(resolver, logical, resource)?;
    let properties = resource.need("Properties")?;
    let globals = resolver
        .root
        .get("Globals")
        .and_then(|globals| globals.get("Function"));
    let property = |key: &str| {
        properties
            .get(key)
            .or_else(|| globals.and_then(|globals| globals.get(key)))
    };
    let number =
        |node: Option<&Node>, default: u64| node.map_or(Ok(default), |node| resolver.number(node));
    let events = property("EventInvokeConfig");
    let event = |key: &str| events.and_then(|events| events.get(key));
    let retries = event("MaximumRetryAttempts");
    template.functions.push(Function {
        environment: environment(resolver, [globals, Some(properties)])?,
        timeout: Duration::from_secs(number(property("Timeout"), DEFAULT_TIMEOUT_S)?),
        memory_mb: number(property("MemorySize"), DEFAULT_MEMORY_MB)?,
        event_retries: u32::try_from(number(retries, DEFAULT_EVENT_RETRIES)?)
            .map_err(|_| Error::new(resource.line, "too many retries"))?,
        event_max_age: Duration::from_secs(number(
            event("MaximumEventAgeInSeconds"),
            DEFAULT_EVENT_MAX_AGE_S,
        )?),
        concurrency: property("ReservedConcurrentExecutions")
            .map(|node| resolver.number(node))
            .transpose()?
            .and_then(|most| usize::try_from(most).ok()),
        name,
    });
    Ok(())
}

/// Adds the events of all functions; called when every bucket is known.
pub(super) fn subscribe(resolver: &Resolver<'_>, template: &mut Template) -> Result<(), Error> {
    for (logical, resource) in resolver.root.need("Resources")?.members() {
        if resource.need("Type")?.text()? != "AWS::Serverless::Function" {
            continue;
        }
        let function = name(resolver, logical, resource)?;
        let events = resource.need("Properties")?.get("Events");
        for (_, event) in events.map_or(&[][..], Node::members) {
            subscribe_one(resolver, template, &function, event)?;
        }
    }
    Ok(())
}

/// The cross-origin rules of the HTTP API.
pub(super) fn cors(resolver: &Resolver<'_>, api: &Node) -> Result<Option<Cors>, Error> {
    let Some(rules) = api
        .get("Properties")
        .and_then(|all| all.get("CorsConfiguration"))
    else {
        return Ok(None);
    };
    let list = |key: &str| {
        rules
            .get(key)
            .map_or(Ok(Vec::new()), |node| resolver.list(node))
    };
    Ok(Some(Cors {
        origins: list("AllowOrigins")?,
        methods: list("AllowMethods")?,
        headers: list("AllowHeaders")?,
        expose: list("ExposeHeaders")?,
        max_age_s: rules
            .get("MaxAge")
            .map_or(Ok(0), |node| resolver.number(node))?,
    }))
}

fn name(resolver: &Resolver<'_>, logical: &str, resource: &Node) -> Result<String, Error> {
    resolver
        .function_name(logical)
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::new(
                resource.line,
                "Metadata.BuildProperties.Binary must be maru-NAME",
            )
        })
}

/// The variables of `levels`, later ones over earlier ones.
fn environment(
    resolver: &Resolver<'_>,
    levels: [Option<&Node>; 2],
) -> Result<BTreeMap<String, String>, Error> {
    let mut variables = BTreeMap::new();
    for level in levels.into_iter().flatten() {
        let level = level
            .get("Environment")
            .and_then(|node| node.get("Variables"));
        for (name, value) in level.map_or(&[][..], Node::members) {
            match resolver.resolve(value)? {
                Resolved::Text(text) => variables.insert(name.clone(), text),
                Resolved::Nothing => variables.remove(name),
                Resolved::List(_) => return Err(Error::new(value.line, "a variable is one text")),
            };
        }
    }
    Ok(variables)
}

fn subscribe_one(
    resolver: &Resolver<'_>,
    template: &mut Template,
    function: &str,
    event: &Node,
) -> Result<(), Error> {
    let kind = event.need("Type")?;
    let properties = event.need("Properties")?;
    match kind.text()? {
        "HttpApi" => template.routes.push(route(function, properties)?),
        "Schedule" => template.schedules.push(Schedule {
            function: function.to_owned(),
            every: rate(properties.need("Schedule")?)?,
            input: resolver.text(properties.need("Input")?)?,
        }),
        "S3" => {
            let wanted = resolver.list(properties.need("Events")?)?;
            let bucket = properties.need("Bucket")?;
            let name = resolver.text(bucket)?;
            let bucket = template
                .buckets
                .iter_mut()
                .find(|known| known.name == name)
                .ok_or_else(|| Error::new(bucket.line, format!("there is no bucket `{name}`")))?;
            let function = function.to_owned();
            bucket
                .notifications
                .extend(wanted.into_iter().map(|event| (event, function.clone())));
        }
        // Nothing of AWS sends these here: a test hands the event to the function itself.
        "EventBridgeRule" => {
            properties.need("Pattern")?.need("source")?;
        }
        other => {
            return Err(Error::new(
                kind.line,
                format!("`{other}` events cannot be made here"),
            ));
        }
    }
    Ok(())
}

/// An event without path and method is SAM's way to say `$default`.
fn route(function: &str, properties: &Node) -> Result<Route, Error> {
    let method = properties.get("Method").map(Node::text).transpose()?;
    let path = properties.get("Path").map_or(Ok("$default"), Node::text)?;
    Ok(Route {
        method: method
            .filter(|method| !method.eq_ignore_ascii_case("any"))
            .map(str::to_uppercase),
        path: path.to_owned(),
        function: function.to_owned(),
    })
}

/// `rate(5 minutes)`.
fn rate(node: &Node) -> Result<Duration, Error> {
    let text = node.text()?;
    let parse = || {
        let (count, unit) = text
            .strip_prefix("rate(")?
            .strip_suffix(')')?
            .split_once(' ')?;
        let unit_s = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 60 * 60,
            "day" => 24 * 60 * 60,
            _ => return None,
        };
        Some(Duration::from_secs(count.parse::<u64>().ok()? * unit_s))
    };
    parse().ok_or_else(|| Error::new(node.line, format!("`{text}` is not a rate(…)")))
}
