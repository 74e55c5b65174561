//! The template of this repository, and templates that must be refused.

use super::*;

fn values() -> BTreeMap<String, String> {
    let values = [
        (
            "Data.Outputs.PostgresUrl",
            "postgres://app@127.0.0.1:5432/maru",
        ),
        (
            "Data.Outputs.PostgresOwnerUrl",
            "postgres://owner@127.0.0.1:5432/maru",
        ),
        ("Data.Outputs.PostgresOwnerSecret", ""),
        ("Data.Outputs.RedisUrl", "redis://127.0.0.1:6379"),
        ("ManagementEndpoint", "http://127.0.0.1:8080/live"),
        ("AllowedOrigins", "http://a.test,http://b.test"),
    ];
    values
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn committed() -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    Template::read(&path, &values()).unwrap()
}

fn refusal(text: &str) -> String {
    Template::parse(text, &values()).unwrap_err().to_string()
}

#[test]
fn the_committed_template_can_be_made_here() {
    let template = committed();
    assert_eq!(template.functions.len(), 16);
    let auth = template
        .functions
        .iter()
        .find(|function| function.name == "auth")
        .unwrap();
    assert_eq!(
        auth.environment["MARU_POSTGRES_URL"],
        "postgres://app@127.0.0.1:5432/maru"
    );
    assert!(auth.environment["MARU_SIGNING_SECRET"].ends_with(":secret:maru-SigningSecret"));
    assert!(!auth.environment.contains_key("MARU_CONFIG"));
    let authorize = template
        .functions
        .iter()
        .find(|one| one.name == "ws-authorize")
        .unwrap();
    assert_eq!(
        authorize.environment["MARU_ORIGINS"],
        "http://a.test,http://b.test"
    );
    let announce = template
        .functions
        .iter()
        .find(|one| one.name == "announce")
        .unwrap();
    assert_eq!(
        announce.environment["MARU_SOCKETS_ENDPOINT"],
        "http://127.0.0.1:8080/live"
    );
    assert_eq!(announce.event_max_age, Duration::from_secs(60));
    assert_eq!(
        template.cors.unwrap().origins,
        ["http://a.test", "http://b.test"]
    );
}

#[test]
fn sockets_are_put_together_from_their_parts() {
    let sockets = committed().sockets.unwrap();
    assert_eq!(
        (sockets.stage.as_str(), sockets.selection.as_str()),
        ("live", "action")
    );
    assert_eq!(sockets.authorizer.as_deref(), Some("ws-authorize"));
    assert_eq!(sockets.routes["$connect"], "ws-connect");
    assert_eq!(sockets.routes["$default"], "ws-message");
    assert_eq!(sockets.routes["$disconnect"], "ws-disconnect");
}

#[test]
fn events_reach_their_functions() {
    let template = committed();
    let default = Route {
        method: None,
        path: "$default".into(),
        function: "status".into(),
    };
    assert!(template.routes.contains(&default));
    let minute = &template.schedules[0];
    assert_eq!(
        (minute.function.as_str(), minute.every),
        ("reap", Duration::from_secs(60))
    );
    assert_eq!(minute.input, r#"{"job":"minute"}"#);
    let bucket = &template.buckets[0];
    assert_eq!(
        bucket.notifications,
        [(
            "s3:ObjectCreated:CompleteMultipartUpload".into(),
            "inspect".into()
        )]
    );
    assert_eq!(template.tables[0].ttl.as_deref(), Some("expires"));
    let inspect = template
        .functions
        .iter()
        .find(|one| one.name == "inspect")
        .unwrap();
    assert_eq!(inspect.environment["MARU_BUCKET"], bucket.name);
    assert_eq!(inspect.environment["MARU_PREVIEWS_FUNCTION"], "previews");
    let previews = template
        .functions
        .iter()
        .find(|one| one.name == "previews")
        .unwrap();
    assert_eq!(previews.concurrency, Some(5));
}

#[test]
fn what_has_no_local_meaning_is_refused_with_its_line() {
    assert_eq!(
        refusal("Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"),
        ":3: `AWS::SQS::Queue` cannot be made here"
    );
    assert_eq!(
        refusal(
            "Resources:\n  Secret:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      SecretString: !Base64 x\n"
        ),
        ":5: `!Base64` is not understood here"
    );
    assert_eq!(
        refusal(
            "Resources:\n  Secret:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      SecretString: !GetAtt Nothing.Here\n"
        ),
        ":5: `Nothing.Here` has no value on this machine"
    );
}
