//! The contract: one OpenAPI 3.1 document and one table of refusals, made from the functions' own routes.

use std::path::Path;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use wire::problem::{Code, Language};

/// Calls that need no token.
const ANONYMOUS: &[&str] = &["/v1/auth/", "/health/", "/.well-known/", "/v1/openapi.json"];

/// What no schema can say.
const DESCRIPTION: &str = "\
    A cursor is taken from an answer of the same list, unchanged: any other text is refused with 422 (`invalid`, field \
    `cursor`), whatever its shape.\n\n\
    Whole numbers are digits alone, in bodies and in queries: `3`, not `3.0`. Anything else is refused with 422 \
    (`invalid`).\n\n\
    A query names each of its parameters once and no others: a repeated or an unknown one is refused with 422 \
    (`invalid`, field `query`).";

/// Why the contract could not be written or is not what the code says.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files and the code differ.
    #[error("{0} is not what the code says; run `cargo run -- openapi` and commit the result")]
    Drift(String),
    /// A file could not be read or written.
    #[error("cannot read or write {0}")]
    File(String, #[source] std::io::Error),
    /// The document could not be made.
    #[error("cannot make the document")]
    Json(#[from] serde_json::Error),
}

/// Writes `docs/api/openapi.json` and `docs/api/errors.md` below `root`, or with `check` only compares them.
///
/// # Errors
/// [`Error::Drift`] when `check` finds a difference.
pub fn write(root: &Path, check: bool) -> Result<(), Error> {
    let mut openapi = serde_json::to_string_pretty(&document()?)?;
    openapi.push('\n');
    for (name, text) in [
        ("docs/api/openapi.json", openapi),
        ("docs/api/errors.md", errors()),
    ] {
        let path = root.join(name);
        if check {
            let there = std::fs::read_to_string(&path).map_err(|e| Error::File(name.into(), e))?;
            if there != text {
                return Err(Error::Drift(name.into()));
            }
        } else {
            std::fs::write(&path, text).map_err(|e| Error::File(name.into(), e))?;
        }
    }
    Ok(())
}

/// The whole document, with what is true of every route added once.
///
/// # Errors
/// [`Error::Json`] when a schema cannot be written.
pub fn document() -> Result<Value, Error> {
    let mut all: OpenApi = fn_auth::routes();
    for part in [
        fn_rooms::routes(),
        fn_messages::routes(),
        fn_uploads::routes(),
        fn_files::routes(),
        fn_realtime::routes(),
        fn_status::routes(),
    ] {
        all.merge(part);
    }
    finish(&all)
}

fn finish(all: &OpenApi) -> Result<Value, Error> {
    let mut document = serde_json::to_value(all)?;
    document["info"] = json!({
        "title": "Maru",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Team chat whose files are as important as its words",
        "description": DESCRIPTION,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/"}]);
    document["security"] = json!([{"token": []}]);
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    });
    pages_refer(&mut document["components"]["schemas"]);
    document["components"]["schemas"]["Problem"] = problem();
    document["components"]["responses"] = json!({"Problem": {
        "description": "Any refusal or failure; `code` says which, docs/api/errors.md lists them",
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"}
        }}
    }});
    document["components"]["parameters"] = json!({"IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "Makes a repetition answer what the first call answered, for 24 hours",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128}
    }});
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                complete(path, method, operation);
            }
        }
    }
    Ok(document)
}

/// A page of something refers to its description instead of holding a copy: clients made from the document have one
/// type for it.
fn pages_refer(schemas: &mut Value) {
    let Some(schemas) = schemas.as_object_mut() else {
        return;
    };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        let item = name.strip_prefix("Page_");
        if let Some(item) = item.filter(|item| names.iter().any(|name| name == item)) {
            let reference = format!("#/components/schemas/{item}");
            schema["properties"]["items"]["items"] = json!({ "$ref": reference });
        }
    }
}

/// Adds what every operation shares.
fn complete(path: &str, method: &str, operation: &mut Value) {
    if !operation.is_object() || method == "parameters" {
        return;
    }
    operation["operationId"] = operation_id(path, method).into();
    operation["responses"]["default"] = json!({"$ref": "#/components/responses/Problem"});
    if ANONYMOUS.iter().any(|open| path.starts_with(open)) {
        operation["security"] = json!([]);
    } else if method == "post" {
        let parameters = &mut operation["parameters"];
        if !parameters.is_array() {
            *parameters = json!([]);
        }
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
        }
    }
}

/// `PATCH /v1/chatrooms/{id}/members/{user_id}` is `patch_chatrooms_members_by_user_id`: unique as the route is.
fn operation_id(path: &str, method: &str) -> String {
    let mut parts = path
        .split(['/', '.', '-'])
        .filter(|part| !part.is_empty())
        .peekable();
    let mut name = method.to_owned();
    while let Some(part) = parts.next() {
        let parameter = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        match parameter {
            None if part != "v1" => name = format!("{name}_{part}"),
            Some(parameter) if parts.peek().is_none() => name = format!("{name}_by_{parameter}"),
            None | Some(_) => {}
        }
    }
    name
}

/// The schema of a problem document, with every code by name.
fn problem() -> Value {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let text = json!({"type": "string"});
    let mut properties = Map::new();
    for name in ["type", "title", "detail", "request_id"] {
        properties.insert(name.to_owned(), text.clone());
    }
    properties.insert("status".to_owned(), json!({"type": "integer"}));
    properties.insert("code".to_owned(), json!({"type": "string", "enum": codes}));
    properties.insert(
        "errors".to_owned(),
        json!({"type": "array", "items": {
            "type": "object",
            "required": ["field", "code", "detail"],
            "properties": {"field": text, "code": text, "detail": text},
        }}),
    );
    json!({
        "type": "object",
        "description": "RFC 9457. Further members are figures that belong to the code",
        "required": ["type", "title", "status", "code", "request_id"],
        "properties": properties,
        "additionalProperties": true,
    })
}

fn errors() -> String {
    let mut text = String::from(
        "# Refusals\n\nEvery answer that is not a success is a problem document (RFC 9457). \
         Programs act on `code`; it never changes.\n\n\
         | code | status | English | 한국어 |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            code.as_str(),
            code.status(),
            code.title(Language::English),
            code.title(Language::Korean)
        ));
    }
    text
}
