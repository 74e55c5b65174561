//! Lambda with instances that a shell plays, and with the test itself as the runtime.

use super::*;

/// A runtime in shell: echoes events; `die` ends it, `hang` keeps it from answering, `fail` fails.
const RUNTIME: &str = r#"
base="$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  body=$(curl -sS -D /tmp/maru-headers-$$ "$base/next") || exit 1
  id=$(tr -d '\r' < /tmp/maru-headers-$$ | sed -n 's/^lambda-runtime-aws-request-id: //p')
  rm -f /tmp/maru-headers-$$
  case "$body" in
    *die*) exit 1 ;;
    *hang*) exec sleep 600 ;;
    *fail*) curl -sS -o /dev/null -d '{"errorType":"E","errorMessage":"no"}' "$base/$id/error" ;;
    *) curl -sS -o /dev/null -d "{\"pid\":$$,\"echo\":$body,\"name\":\"$AWS_LAMBDA_FUNCTION_NAME\"}" "$base/$id/response" ;;
  esac
done
"#;

fn function(name: &str) -> Function {
    Function {
        name: name.to_owned(),
        environment: BTreeMap::new(),
        timeout: Duration::from_millis(600),
        memory_mb: 128,
        event_retries: 2,
        event_max_age: Duration::from_secs(60),
        concurrency: None,
    }
}

async fn lambda(change: impl FnOnce(&mut Options)) -> Lambda {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = format!("maru-lambda-{}-{number}", std::process::id());
    let mut options = Options {
        command: ["sh", "-c", RUNTIME].map(str::to_owned).to_vec(),
        logs: std::env::temp_dir().join(folder),
        event_backoff: Duration::from_millis(20),
        ..Options::default()
    };
    change(&mut options);
    Lambda::start(options, vec![function("echo")])
        .await
        .unwrap()
}

async fn pid(lambda: &Lambda) -> u64 {
    let answer = lambda
        .invoke("echo", Bytes::from_static(b"1"))
        .await
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["name"], "echo");
    answer["pid"].as_u64().unwrap()
}

#[tokio::test]
async fn a_warm_instance_is_used_again() {
    let lambda = lambda(|_| {}).await;
    assert_eq!(pid(&lambda).await, pid(&lambda).await);
    let counters = lambda.counters()["echo"];
    assert_eq!(
        (counters.invocations, counters.starts, counters.bytes_in),
        (2, 1, 2)
    );
    assert!(counters.bytes_out > 0 && counters.errors == 0);
    lambda.stop().await;
}

#[tokio::test]
async fn busy_instances_get_company_up_to_the_limit() {
    let lambda = lambda(|options| options.concurrency = 2).await;
    let calls = (0..6).map(|_| pid(&lambda));
    let mut pids = futures_util::future::join_all(calls).await;
    pids.sort_unstable();
    pids.dedup();
    assert!(pids.len() <= 2, "{pids:?}");
    lambda.stop().await;
}

#[tokio::test]
async fn late_and_lost_instances_are_replaced() {
    let lambda = lambda(|_| {}).await;
    let first = pid(&lambda).await;
    let late = lambda.invoke("echo", Bytes::from_static(b"\"hang\"")).await;
    assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    let second = pid(&lambda).await;
    assert_ne!(first, second);
    let lost = lambda.invoke("echo", Bytes::from_static(b"\"die\"")).await;
    assert!(matches!(lost, Err(Error::Exited)), "{lost:?}");
    assert_ne!(second, pid(&lambda).await);
    let unknown = lambda.invoke("nobody", Bytes::new()).await;
    assert!(matches!(unknown, Err(Error::Unknown(_))), "{unknown:?}");
    lambda.stop().await;
}

#[tokio::test]
async fn an_event_that_fails_is_tried_three_times() {
    let lambda = lambda(|_| {}).await;
    lambda
        .invoke_event("echo", Bytes::from_static(b"\"fail\""))
        .unwrap();
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while lambda.counters()["echo"].errors < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap();
    lambda.stop().await;
    assert_eq!(lambda.counters()["echo"].errors, 3);
}

#[tokio::test]
async fn the_invoke_api_wants_a_signature_and_tells_errors_as_lambda_does() {
    let lambda = lambda(|_| {}).await;
    let call = |signed: bool, name: &str, kind: &str, body: &'static str| {
        let url = format!(
            "{}/2015-03-31/functions/{name}/invocations",
            lambda.endpoint()
        );
        let request = reqwest::Client::new()
            .post(url)
            .header("x-amz-invocation-type", kind);
        let signature = signed.then_some("AWS4-HMAC-SHA256 Credential=local");
        let request = match signature {
            Some(signature) => request.header("authorization", signature),
            None => request,
        };
        async move { request.body(body).send().await.unwrap() }
    };
    assert_eq!(call(false, "echo", "Event", "1").await.status(), 403);
    assert_eq!(call(true, "nobody", "Event", "1").await.status(), 404);
    assert_eq!(call(true, "echo", "Event", "1").await.status(), 202);
    let arn = "arn:aws:lambda:r:0:function:echo";
    assert_eq!(call(true, arn, "RequestResponse", "1").await.status(), 200);
    let failed = call(true, "echo", "RequestResponse", "\"fail\"").await;
    assert_eq!(
        (
            failed.status().as_u16(),
            &failed.headers()["x-amz-function-error"] == "Unhandled"
        ),
        (200, true)
    );
    lambda.stop().await;
}

#[tokio::test]
async fn idle_instances_beyond_the_warm_ones_go() {
    let lambda = lambda(|options| {
        options.keep_warm = 1;
        options.idle = Duration::from_millis(1);
    })
    .await;
    futures_util::future::join_all((0..4).map(|_| pid(&lambda))).await;
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while lambda.counters()["echo"].instances != 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap();
    lambda.stop().await;
}
