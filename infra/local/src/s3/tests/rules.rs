//! Signatures, CORS, faults, and what is left when a client breaks off.

use serde_json::json;

use super::*;
use crate::faults::Rule;

fn rule(value: Value) -> Rule {
    serde_json::from_value(value).expect("a rule")
}

#[tokio::test]
async fn headers_that_were_not_signed_are_refused() {
    let home = Home::new().await;
    let url = home.presign(&Method::PUT, "key", &Signing::default());
    let sum = sha256(b"x");
    let headers = [("x-amz-checksum-sha256", sum.as_str())];
    let put = home
        .send(Method::PUT, &url, &headers, "x")
        .await
        .expect("an answer");
    assert_eq!(
        (put.status, put.tag("Code").as_str()),
        (403, "AccessDenied")
    );
    let message = "There were headers present in the request which were not signed";
    assert_eq!(put.tag("Message"), message);
    assert_eq!(put.tag("HeadersNotSigned"), "x-amz-checksum-sha256");
    assert_eq!(
        home.send(Method::PUT, &url, &[], "x")
            .await
            .expect("an answer")
            .status,
        200
    );
    home.end().await;
}

#[tokio::test]
async fn urls_die() {
    let home = Home::new().await;
    let hour = Duration::from_secs(3_600);
    let old = Signing {
        time: SystemTime::now() - hour,
        ..Signing::default()
    };
    let long = Signing {
        life: hour * 24 * 8,
        ..Signing::default()
    };
    let far = Signing {
        region: "us-east-1",
        ..Signing::default()
    };
    for (signing, status, code) in [
        (old, 403, "AccessDenied"),
        (long, 400, "AuthorizationQueryParametersError"),
        (far, 400, "AuthorizationQueryParametersError"),
    ] {
        let url = home.presign(&Method::GET, "key", &signing);
        let got = home
            .send(Method::GET, &url, &[], "")
            .await
            .expect("an answer");
        assert_eq!((got.status, got.tag("Code").as_str()), (status, code));
    }
    home.end().await;
}

#[tokio::test]
async fn urls_hold_only_what_they_sign() {
    let home = Home::new().await;
    let signing = Signing {
        headers: vec![("content-length", "5".to_owned())],
        ..Signing::default()
    };
    let url = home.presign(&Method::PUT, "key", &signing);
    let longer = home
        .send(Method::PUT, &url, &[], "123456")
        .await
        .expect("an answer");
    assert_eq!(
        (longer.status, longer.tag("Code").as_str()),
        (403, "SignatureDoesNotMatch")
    );
    let other = home
        .send(Method::GET, &url, &[], "")
        .await
        .expect("an answer");
    assert_eq!(other.tag("Code"), "SignatureDoesNotMatch");
    let exact = home
        .send(Method::PUT, &url, &[], "12345")
        .await
        .expect("an answer");
    assert_eq!(exact.status, 200, "{}", exact.text());
    let bare = format!("{}/files/key", home.s3.url());
    let anonymous = home
        .send(Method::GET, &bare, &[], "")
        .await
        .expect("an answer");
    assert_eq!(anonymous.status, 403);
    home.end().await;
}

#[tokio::test]
async fn pages_of_known_origins_may_talk() {
    let home = Home::new().await;
    let url = format!("{}/files/key", home.s3.url());
    let asking = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "x-amz-checksum-sha256"),
        ]
    };
    let preflight = home
        .send(Method::OPTIONS, &url, &asking("https://maru.example"), "")
        .await
        .expect("an answer");
    assert_eq!(preflight.status, 200);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        "https://maru.example"
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        "x-amz-checksum-sha256"
    );
    let strange = home
        .send(Method::OPTIONS, &url, &asking("https://else.example"), "")
        .await;
    assert_eq!(strange.expect("an answer").status, 403);
    let url = home.presign(&Method::PUT, "key", &Signing::default());
    let origin = [("origin", "https://maru.example")];
    let put = home
        .send(Method::PUT, &url, &origin, "x")
        .await
        .expect("an answer");
    assert!(put.header("access-control-expose-headers").contains("ETag"));
    home.end().await;
}

#[tokio::test]
async fn a_large_refused_body_still_hears_the_refusal() {
    let home = Home::new().await;
    let url = home.presign(&Method::PUT, "key", &Signing::default());
    let headers = [("x-amz-acl", "private")];
    let put = home
        .send(Method::PUT, &url, &headers, bytes(1, 40 * 1024 * 1024))
        .await;
    assert_eq!(put.expect("an answer").status, 403);
    home.end().await;
}

#[tokio::test]
async fn faults_fail_cut_repeat_and_lose_events() {
    let mut home = Home::new().await;
    home.faults.add(rule(
        json!({"target": "s3", "operation": "PutObject", "effect": {"status": 503}, "count": 1}),
    ));
    let slow = home.call(Method::PUT, "key", &[], bytes(1, MIN)).await;
    assert_eq!((slow.status, slow.tag("Code").as_str()), (503, "SlowDown"));
    home.faults.clear();
    home.faults.add(rule(json!({"target": "s3", "operation": "PutObject", "effect": "absent", "after": true, "count": 1})));
    let url = home.presign(&Method::PUT, "key", &Signing::default());
    assert!(home.send(Method::PUT, &url, &[], "kept").await.is_err());
    home.created.recv().await.expect("it was carried out");
    assert_eq!(home.call(Method::GET, "key", &[], "").await.text(), "kept");
    home.faults.clear();
    home.faults.add(rule(
        json!({"target": "s3", "operation": "PutObject", "effect": "error_200", "count": 1}),
    ));
    let lying = home.call(Method::PUT, "other", &[], "x").await;
    assert_eq!(
        (lying.status, lying.tag("Code").as_str()),
        (200, "InternalError")
    );
    home.faults.clear();
    home.faults.add(rule(
        json!({"target": "s3", "operation": "ObjectCreated", "effect": "twice", "count": 1}),
    ));
    home.call(Method::PUT, "third", &[], "x").await;
    let first = home.created.recv().await.expect("an event");
    assert_eq!(home.created.recv().await, Some(first));
    home.end().await;
}

#[tokio::test]
async fn a_client_that_breaks_off_leaves_nothing() {
    use tokio::io::AsyncWriteExt;
    let home = Home::new().await;
    let url = home.presign(&Method::PUT, "half", &Signing::default());
    let address = home.s3.url().replace("http://", "");
    let path = url.split_once(&address).expect("a path").1;
    let mut stream = tokio::net::TcpStream::connect(&address)
        .await
        .expect("connects");
    let head = format!("PUT {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 100000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("writes");
    stream.write_all(&bytes(1, 50_000)).await.expect("writes");
    while home.data_files() == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while home.data_files() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(home.call(Method::GET, "half", &[], "").await.status, 404);
    home.end().await;
}
