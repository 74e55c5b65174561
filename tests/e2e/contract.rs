//! The contract: template, routers and document are one set of routes, and the committed files are what the code says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use local::openapi;
use local::template::Template;
use serde_json::{Value, json};
use support::{Person, Stack};

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
fn every_reference_of_the_document_leads_somewhere_and_every_schema_is_referred_to() {
    fn walk<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
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
    let mut found = BTreeSet::new();
    walk(&document, &mut found);
    for reference in &found {
        let pointer = reference.trim_start_matches('#');
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    let unused: Vec<_> = schemas
        .keys()
        .filter(|name| !found.contains(&*format!("#/components/schemas/{name}")))
        .collect();
    assert!(unused.is_empty(), "nothing refers to {unused:#?}");
}

#[tokio::test]
async fn what_the_contract_says_in_words_is_so() {
    let stack = Stack::get().await;
    let owner = Person::register(stack).await;
    for list in [
        "/v1/chatrooms",
        "/v1/files",
        "/v1/me/sessions",
        "/v1/sync",
        "/v1/uploads",
    ] {
        for (query, field) in [
            // "none of ours", in the shape of a cursor.
            ("cursor=bm9uZSBvZiBvdXJz", "cursor"),
            ("limit=3.0", "query"),
            ("limit=3&limit=3", "query"),
            ("limits=3", "query"),
        ] {
            let answer = owner.get(&format!("{list}?{query}")).await;
            assert_eq!(answer.refusal(), (422, "invalid"), "{list}?{query}");
            let fields: Vec<_> = answer.fields().into_iter().map(|(name, _)| name).collect();
            assert_eq!(fields, [field], "{list}?{query}");
        }
    }
    let sign = "/v1/uploads/00000000-0000-0000-0000-000000000000/parts/sign";
    let whole = owner.post(sign, json!({ "parts": [{ "number": 3.0 }] }));
    assert_eq!(whole.await.refusal(), (422, "invalid"));
}
