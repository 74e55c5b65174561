//! The WebSocket API, put together from its routes, integrations, authorizer and stage.

use super::{
    Error, Sockets,
    node::{Node, Value},
    resolve::Resolver,
};

/// Everything that belongs to the WebSocket API `logical`.
pub(super) fn sockets(
    resolver: &Resolver<'_>,
    logical: &str,
    resource: &Node,
) -> Result<Sockets, Error> {
    let properties = resource.need("Properties")?;
    let selected = selected(properties.need("RouteSelectionExpression")?)?;
    let mut sockets = Sockets {
        selection: selected,
        ..Sockets::default()
    };
    for (_, part) in resolver.root.need("Resources")?.members() {
        let properties = part.get("Properties");
        let api = properties.and_then(|properties| properties.get("ApiId"));
        let (Some(properties), Some(api)) = (properties, api) else {
            continue;
        };
        if target(api) != Some(logical) {
            continue;
        }
        match part.need("Type")?.text()? {
            "AWS::ApiGatewayV2::Stage" => {
                sockets.stage = resolver.text(properties.need("StageName")?)?;
            }
            "AWS::ApiGatewayV2::Authorizer" => {
                sockets.authorizer =
                    Some(function_in(resolver, properties.need("AuthorizerUri")?)?);
            }
            "AWS::ApiGatewayV2::Route" => {
                let key = properties.need("RouteKey")?.text()?.to_owned();
                sockets
                    .routes
                    .insert(key, route_function(resolver, properties)?);
            }
            _ => {}
        }
    }
    match sockets.routes.contains_key("$connect") && !sockets.stage.is_empty() {
        true => Ok(sockets),
        false => Err(Error::new(
            resource.line,
            "this API has no stage or no $connect route",
        )),
    }
}

/// The name of the field that chooses a route.
fn selected(expression: &Node) -> Result<String, Error> {
    let name = expression.text()?.strip_prefix("$request.body.");
    name.map(str::to_owned).ok_or_else(|| {
        Error::new(
            expression.line,
            "routes can only be chosen by $request.body.NAME",
        )
    })
}

/// The function behind a route: `integrations/${Integration}`, which names its function by ARN.
fn route_function(resolver: &Resolver<'_>, route: &Node) -> Result<String, Error> {
    let node = route.need("Target")?;
    let integration = target(node)
        .and_then(|name| name.strip_prefix("integrations/${"))
        .and_then(|name| name.strip_suffix('}'))
        .and_then(|name| resolver.root.get("Resources")?.get(name))
        .ok_or_else(|| Error::new(node.line, "expected integrations/${Integration}"))?;
    function_in(
        resolver,
        integration.need("Properties")?.need("IntegrationUri")?,
    )
}

/// The function named in `arn:…:lambda:path/…/functions/ARN/invocations`.
fn function_in(resolver: &Resolver<'_>, uri: &Node) -> Result<String, Error> {
    resolver
        .text(uri)?
        .strip_suffix("/invocations")
        .and_then(|arn| arn.rsplit_once(":function:"))
        .map(|(_, name)| name.to_owned())
        .ok_or_else(|| Error::new(uri.line, "expected the invocation address of a function"))
}

/// What `!Ref` or `!Sub` is applied to, unresolved.
fn target(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Call(name, argument) if name == "Ref" || name == "Sub" => argument.text().ok(),
        _ => None,
    }
}
