//! The contract: template, routers and document are one set of routes, and the committed files are what the code says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use local::openapi;
use local::template::Template;
use serde_json::Value;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every route of the document, as `GET /v1/…`.
pub(crate) fn documented() -> BTreeSet<String> {
    let document = openapi::document().expect("the document can be made");
    let paths = document["paths"].as_object().expect("paths");
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.collect()
}

#[test]
fn template_routers_and_document_are_one_set() {
    // Any address will do: only the routes are looked at.
    let values: BTreeMap<String, String> = [
        "Data.Outputs.PostgresUrl",
        "Data.Outputs.PostgresOwnerUrl",
        "Data.Outputs.PostgresOwnerSecret",
        "Data.Outputs.RedisUrl",
        "ManagementEndpoint",
        "AllowedOrigins",
    ]
    .map(|name| (name.to_owned(), "http://127.0.0.1:1".to_owned()))
    .into();
    let template = Template::read(&root().join("template.yaml"), &values).expect("a template");
    let deployed: BTreeSet<String> = template
        .routes
        .iter()
        .filter(|route| route.path != "$default")
        .map(|route| {
            format!(
                "{} {}",
                route.method.as_deref().unwrap_or("ANY"),
                route.path
            )
        })
        .collect();
    // The document is made from the routers themselves, so two sets say it all.
    let documented = documented();
    let missing: Vec<_> = documented.difference(&deployed).collect();
    let unknown: Vec<_> = deployed.difference(&documented).collect();
    assert!(
        missing.is_empty(),
        "in a router but not in template.yaml: {missing:#?}"
    );
    assert!(
        unknown.is_empty(),
        "in template.yaml but in no router: {unknown:#?}"
    );
}

#[test]
fn the_committed_contract_is_what_the_code_says() {
    openapi::write(&root(), true).expect("docs/api is up to date");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = openapi::document().expect("the document can be made");
    let mut found = Vec::new();
    walk(&document, &mut found);
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}
