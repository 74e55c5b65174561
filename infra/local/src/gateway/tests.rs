//! The gateway in front of one function that a shell plays: it answers by what it is asked.

mod rest;
mod sockets;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::*;
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
    let function = Function {
        name: "all".to_owned(),
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(5),
        memory_mb: 128,
        event_retries: 0,
        event_max_age: Duration::from_secs(60),
        concurrency: None,
    };
    let lambda = lambda::Options {
        command: ["sh", "-c", RUNTIME].map(str::to_owned).to_vec(),
        environment: [("EVENTS".to_owned(), events.to_string_lossy().into_owned())].into(),
        logs: folder,
        ..lambda::Options::default()
    };
    let lambda = Lambda::start(lambda, vec![function]).await.unwrap();
    let gateway = Gateway::start(options, &template(), lambda.clone())
        .await
        .unwrap();
    Stack {
        gateway,
        lambda,
        events,
    }
}

/// Two routes, and a socket; one function is behind all of them.
fn template() -> Template {
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
    Template {
        routes: vec![route("GET", "/v1/things/{id}"), route("POST", "/v1/things")],
        cors: Some(cors),
        sockets: Some(Sockets {
            stage: STAGE.to_owned(),
            selection: "action".to_owned(),
            authorizer: Some("all".to_owned()),
            routes: routes.map(|key| (key.to_owned(), "all".to_owned())).into(),
        }),
        ..Template::default()
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
