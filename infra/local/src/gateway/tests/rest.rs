//! REST: events, answers, refusals, origins.

use serde_json::{Value, json};

use super::stack;

#[tokio::test]
async fn rest_events_and_answers_have_the_shape_of_version_2() {
    let stack = stack(|_| {}).await;
    let url = format!(
        "{}/v1/things/a%20b?x=1&x=2&y=%EA%B0%80",
        stack.gateway.rest_url()
    );
    let client = reqwest::Client::new();
    let request = client
        .get(&url)
        .header("cookie", "c=1; d=2")
        .header("origin", "http://a.test");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-own"], "1");
    assert_eq!(answer.headers()["set-cookie"], "a=b");
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "http://a.test"
    );
    let event: Value = answer.json().await.unwrap();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "GET /v1/things/{id}");
    assert_eq!(event["rawPath"], "/v1/things/a%20b");
    assert_eq!(event["pathParameters"], json!({ "id": "a b" }));
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%EA%B0%80");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "가" })
    );
    assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
    assert_eq!(event["requestContext"]["http"]["method"], "GET");
    assert!(event.get("body").is_none());
    stack.stop().await;
}

#[tokio::test]
async fn what_no_function_answers_is_a_problem_document() {
    let stack = stack(|_| {}).await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", stack.gateway.rest_url());
    let code = |answer: reqwest::Response| async move {
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap()["code"].clone(),
        )
    };
    let unknown = client.get(url("/v1/nothing")).send().await.unwrap();
    assert_eq!(code(unknown).await, (404, json!("not_found")));
    let failed = client.get(url("/v1/things/boom")).send().await.unwrap();
    assert_eq!(code(failed).await, (500, json!("internal")));
    let large = client
        .post(url("/v1/things"))
        .body(vec![b'x'; 11 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(code(large).await, (413, json!("body_too_large")));
    stack.stop().await;
}

#[tokio::test]
async fn preflights_are_answered_without_a_function() {
    let stack = stack(|_| {}).await;
    let ask = |origin: &'static str| {
        let url = format!("{}/v1/things", stack.gateway.rest_url());
        let request = reqwest::Client::new().request(reqwest::Method::OPTIONS, url);
        request
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .send()
    };
    let allowed = ask("http://a.test").await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-methods"], "GET");
    let other = ask("http://b.test").await.unwrap();
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    assert_eq!(stack.lambda.counters()["all"].invocations, 0);
    stack.stop().await;
}
