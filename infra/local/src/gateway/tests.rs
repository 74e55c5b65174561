//! The gateway in front of one function that a shell plays: it answers by what it is asked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::*;
use crate::faults::{Effect, Rule, Target};
use crate::lambda;
use crate::template::{Function, Route};

/// A runtime in shell. REST: tells the event. Handshake: `deny`, `unauthorized` and `refuse` in the
/// query choose the answer. Frames and ends are appended to `$EVENTS`; `boom` fails.
const RUNTIME: &str = r#"
base="$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
headers=$(mktemp)
answer() { printf '%s' "$1" | curl -sS -o /dev/null --data-binary @- "$base/$id/${2:-response}"; }
policy='"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"EFFECT","Action":"*","Resource":"*"}]}'
while :; do
  body=$(curl -sS -D "$headers" "$base/next") || exit 1
  id=$(tr -d '\r' < "$headers" | sed -n 's/^lambda-runtime-aws-request-id: //p')
  case "$body" in
    *'"type":"REQUEST"'*)
      case "$body" in
        *unauthorized*) answer '{"errorType":"E","errorMessage":"Unauthorized"}' error ;;
        *deny*) answer "{\"principalId\":\"p\",${policy%%EFFECT*}Deny${policy##*EFFECT}}" ;;
        *) answer "{\"principalId\":\"p\",${policy%%EFFECT*}Allow${policy##*EFFECT},\"context\":{\"user\":\"u\",\"age\":7}}" ;;
      esac ;;
    *'"eventType":"CONNECT"'*)
      case "$body" in
        *refuse*) answer '{"statusCode":403,"body":"{}"}' ;;
        *) answer '{"statusCode":200,"headers":{"Sec-WebSocket-Protocol":"maru.v1"}}' ;;
      esac ;;
    *'"eventType":'*)
      printf '%s\n' "$body" >> "$EVENTS"
      case "$body" in
        *boom*) answer '{"errorType":"E","errorMessage":"boom"}' error ;;
        *) answer '{"statusCode":200}' ;;
      esac ;;
    *boom*) answer '{"errorType":"E","errorMessage":"boom"}' error ;;
    *) printf '%s' "$body" | base64 -w 0 > "$headers"
       answer "{\"statusCode\":201,\"headers\":{\"X-Own\":\"1\",\"access-control-allow-origin\":\"*\"},\"cookies\":[\"a=b\"],\"isBase64Encoded\":true,\"body\":\"$(cat "$headers")\"}" ;;
  esac
done
"#;

struct Stack {
    gateway: Gateway,
    lambda: Lambda,
    events: std::path::PathBuf,
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn stack(change: impl FnOnce(&mut Options)) -> Stack {
    let mut options = Options::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    change(&mut options);
    let port = options.address.port();
    let folder = std::env::temp_dir().join(format!("maru-gateway-{}-{port}", std::process::id()));
    let events = folder.join("events");
    let route = |method: &str, path: &str| Route {
        method: Some(method.to_owned()),
        path: path.to_owned(),
        function: "all".to_owned(),
    };
    let cors = Cors {
        origins: vec!["http://a.test".to_owned()],
        methods: vec!["GET".to_owned()],
        headers: vec!["authorization".to_owned()],
        expose: vec!["etag".to_owned()],
        max_age_s: 60,
    };
    let routes = ["$connect", "$default", "$disconnect"];
    let template = Template {
        routes: vec![route("GET", "/v1/things/{id}"), route("POST", "/v1/things")],
        cors: Some(cors),
        sockets: Some(Sockets {
            stage: STAGE.to_owned(),
            selection: "action".to_owned(),
            authorizer: Some("all".to_owned()),
            routes: routes.map(|key| (key.to_owned(), "all".to_owned())).into(),
        }),
        ..Template::default()
    };
    let function = Function {
        name: "all".to_owned(),
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(5),
        memory_mb: 128,
        event_retries: 0,
        event_max_age: Duration::from_secs(60),
    };
    let lambda = lambda::Options {
        command: ["sh", "-c", RUNTIME].map(str::to_owned).to_vec(),
        environment: [("EVENTS".to_owned(), events.to_string_lossy().into_owned())].into(),
        logs: folder,
        ..lambda::Options::default()
    };
    let lambda = Lambda::start(lambda, vec![function]).await.unwrap();
    let gateway = Gateway::start(options, &template, lambda.clone())
        .await
        .unwrap();
    Stack {
        gateway,
        lambda,
        events,
    }
}

impl Stack {
    async fn connect(&self, query: &str) -> Result<(Client, Option<String>), u16> {
        let url = format!("{}?{query}", self.gateway.socket_url());
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", "maru.v1".parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok((client, answer)) => {
                let protocol = answer.headers().get("sec-websocket-protocol");
                Ok((
                    client,
                    protocol.map(|value| value.to_str().unwrap().to_owned()),
                ))
            }
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The frames and ends that the function saw, once there are `count` of them.
    async fn seen(&self, count: usize) -> Vec<Value> {
        let read = async {
            loop {
                let text = std::fs::read_to_string(&self.events).unwrap_or_default();
                let seen: Vec<Value> = text
                    .lines()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .collect();
                if seen.len() >= count {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .expect("in time")
    }

    async fn manage(&self, method: reqwest::Method, id: &str, body: String) -> (u16, String) {
        let id = id.replace('=', "%3D");
        let url = format!("{}/@connections/{id}", self.gateway.management_url());
        let request = reqwest::Client::new().request(method, url).body(body);
        let signed = request.header("authorization", "AWS4-HMAC-SHA256 Credential=local");
        let answer = signed.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn stop(self) {
        self.gateway.stop().await;
        self.lambda.stop().await;
    }
}

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

#[tokio::test]
async fn a_handshake_is_decided_by_authorizer_and_connect() {
    let stack = stack(|_| {}).await;
    assert_eq!(stack.connect("ticket=unauthorized").await.err(), Some(401));
    assert_eq!(stack.connect("ticket=deny").await.err(), Some(403));
    assert_eq!(stack.connect("ticket=refuse").await.err(), Some(403));
    let (_client, protocol) = stack.connect("ticket=t").await.unwrap();
    assert_eq!(protocol.as_deref(), Some("maru.v1"));
    assert_eq!(stack.gateway.connections(), 1);
    stack.stop().await;
}

#[tokio::test]
async fn frames_arrive_in_order_and_know_who_speaks() {
    let stack = stack(|_| {}).await;
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    for number in 0..5 {
        client
            .send(Message::text(format!("{{\"n\":{number}}}")))
            .await
            .unwrap();
    }
    client.send(Message::text("boom")).await.unwrap();
    let failure = client.next().await.unwrap().unwrap().into_text().unwrap();
    let failure: Value = serde_json::from_str(&failure).unwrap();
    assert_eq!(failure["message"], "Internal server error");
    client.close(None).await.unwrap();
    let seen = stack.seen(7).await;
    for (number, event) in seen.iter().take(5).enumerate() {
        assert_eq!(event["body"], format!("{{\"n\":{number}}}"));
        assert_eq!(event["requestContext"]["routeKey"], "$default");
        assert_eq!(event["requestContext"]["authorizer"]["user"], "u");
        assert_eq!(event["requestContext"]["authorizer"]["age"], "7");
    }
    assert_eq!(seen[6]["requestContext"]["eventType"], "DISCONNECT");
    assert_eq!(stack.gateway.connections(), 0);
    stack.stop().await;
}

#[tokio::test]
async fn connections_are_posted_to_asked_about_and_closed() {
    let stack = stack(|_| {}).await;
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    client.send(Message::text("hi")).await.unwrap();
    let seen = stack.seen(1).await;
    let id = seen[0]["requestContext"]["connectionId"].as_str().unwrap();
    assert!(id.ends_with('='));
    let long = "가".repeat(40_000);
    let post = reqwest::Method::POST;
    assert_eq!(stack.manage(post.clone(), id, long.clone()).await.0, 200);
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Message::Text(Utf8Bytes::from(long))
    );
    assert_eq!(
        stack.manage(post.clone(), id, "x".repeat(131_073)).await.0,
        413
    );
    let (status, info) = stack.manage(reqwest::Method::GET, id, String::new()).await;
    assert!(status == 200 && info.contains("lastActiveAt"), "{info}");
    assert_eq!(
        stack
            .manage(reqwest::Method::DELETE, id, String::new())
            .await
            .0,
        204
    );
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
    drop(client);
    stack.seen(2).await;
    let (status, gone) = stack.manage(post, id, "x".to_owned()).await;
    assert!(status == 410 && gone.contains("\"message\":null"), "{gone}");
    stack.stop().await;
}

#[tokio::test]
async fn too_large_too_idle_and_too_old_sockets_are_closed() {
    let stack = stack(|options| options.idle = Duration::from_millis(300)).await;
    let code = |end: Option<Result<Message, tungstenite::Error>>| match end {
        Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
        other => panic!("{other:?}"),
    };
    let (mut large, _) = stack.connect("ticket=t").await.unwrap();
    large
        .send(Message::text("x".repeat(32 * 1024 + 1)))
        .await
        .unwrap();
    assert_eq!(code(large.next().await), 1009);
    let (mut idle, _) = stack.connect("ticket=t").await.unwrap();
    assert_eq!(code(idle.next().await), 1001);
    let ends: Vec<Value> = stack.seen(2).await;
    let codes = ends
        .iter()
        .map(|end| end["requestContext"]["disconnectStatusCode"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), [json!(1009), json!(1001)]);
    stack.stop().await;
}

#[tokio::test]
async fn faults_and_quota_stand_between_functions_and_sockets() {
    let faults = Faults::default();
    let stack = stack(|options| {
        options.faults = faults.clone();
        options.quota = Some(4);
    })
    .await;
    faults.add(Rule {
        target: Target::Management,
        operation: None,
        effect: Effect::Status(410),
        after: false,
        skip: 0,
        count: Some(1),
        probability: None,
    });
    let (mut client, _) = stack.connect("ticket=t").await.unwrap();
    client.send(Message::text("hi")).await.unwrap();
    let seen = stack.seen(1).await;
    let id = seen[0]["requestContext"]["connectionId"].as_str().unwrap();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(
            stack
                .manage(reqwest::Method::POST, id, "x".to_owned())
                .await
                .0,
        );
    }
    assert_eq!(answers, [410, 200, 200, 429]);
    stack.stop().await;
}
