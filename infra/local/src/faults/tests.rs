//! The rules by themselves, and through the control endpoint and the TCP proxy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn rule(value: serde_json::Value) -> Rule {
    serde_json::from_value(value).expect("a rule")
}

fn any_port() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

#[tokio::test]
async fn a_rule_skips_then_strikes_as_often_as_it_says() {
    let faults = Faults::default();
    assert!(faults.idle());
    faults.add(rule(json!({
        "target": "management", "operation": "PostToConnection",
        "effect": {"status": 410}, "skip": 1, "count": 2,
    })));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(faults.check(Target::Management, "PostToConnection").await);
    }
    assert_eq!(
        seen,
        [
            None,
            Some(Effect::Status(410)),
            Some(Effect::Status(410)),
            None
        ]
    );
    assert_eq!(faults.check(Target::S3, "PostToConnection").await, None);
    assert_eq!(faults.standing()[0].hits, 2);
}

#[tokio::test]
async fn a_kill_names_its_function_before_anyone_hears_the_answer() {
    let faults = Faults::default();
    let killed = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&killed);
    faults.on_kill(move |function| locked(&heard).push(function.to_owned()));
    faults.add(rule(json!({
        "target": "s3", "operation": "CompleteMultipartUpload", "effect": {"kill": "uploads"}, "after": true,
    })));
    assert_eq!(
        faults.check(Target::S3, "CompleteMultipartUpload").await,
        None
    );
    let effect = faults
        .check_after(Target::S3, "CompleteMultipartUpload")
        .await;
    assert_eq!(effect, Some(Effect::Kill("uploads".to_owned())));
    assert_eq!(*locked(&killed), ["uploads"]);
}

#[tokio::test]
async fn the_control_endpoint_sets_lists_and_forgets() {
    let faults = Faults::default();
    let server = serve(faults.clone(), any_port()).await.expect("starts");
    let url = format!("{}/faults", server.url());
    let client = reqwest::Client::new();
    let rules = json!([{"target": "redis", "effect": "absent"}, {"target": "lambda", "effect": {"delay_ms": 5}}]);
    let added = client
        .post(&url)
        .json(&rules)
        .send()
        .await
        .expect("answers");
    assert_eq!(added.status(), 201);
    let listed: Vec<Standing> = client
        .get(&url)
        .send()
        .await
        .expect("answers")
        .json()
        .await
        .expect("rules");
    assert_eq!(listed.len(), 2);
    let gone = client
        .delete(format!("{url}/1"))
        .send()
        .await
        .expect("answers");
    assert_eq!(gone.status(), 200);
    let wrong = client
        .post(&url)
        .json(&json!({"target": "moon"}))
        .send()
        .await
        .expect("answers");
    assert_eq!(wrong.status(), 400);
    assert_eq!(faults.standing().len(), 1);
    client.delete(&url).send().await.expect("answers");
    assert!(faults.idle());
    server.stop().await;
}

/// A server that answers each chunk with itself, and counts them.
async fn echo() -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind(any_port()).await.expect("listens");
    let address = listener.local_addr().expect("address");
    let chunks = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&chunks);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(&buffer[..read]).await.expect("writes");
                }
            });
        }
    });
    (address, chunks)
}

async fn say(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
    stream.write_all(text.as_bytes()).await?;
    let mut buffer = [0; 1024];
    match stream.read(&mut buffer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        read => Ok(String::from_utf8_lossy(&buffer[..read]).into_owned()),
    }
}

#[tokio::test]
async fn the_proxy_passes_cuts_after_the_call_and_refuses() {
    let (upstream, chunks) = echo().await;
    let faults = Faults::default();
    let proxy = tcp_proxy(Target::Postgres, any_port(), upstream, faults.clone())
        .await
        .expect("starts");
    let mut stream = TcpStream::connect(proxy.address()).await.expect("connects");
    passes(&mut stream, "select 1").await;

    faults.add(rule(json!({
        "target": "postgres", "operation": "commit", "effect": "absent", "after": true, "count": 1,
    })));
    passes(&mut stream, "select 2").await;
    let lost = say(&mut stream, "begin; commit").await;
    assert!(lost.is_err(), "the answer is lost");
    let carried_out = chunks.load(Ordering::SeqCst);
    assert_eq!(carried_out, 3, "but the call was carried out");

    let mut open = TcpStream::connect(proxy.address()).await.expect("connects");
    passes(&mut open, "select 3").await;
    faults.add(rule(json!({"target": "postgres", "effect": "absent"})));
    let cut = say(&mut open, "select 4").await;
    assert!(cut.is_err(), "open connections are cut");
    let mut late = TcpStream::connect(proxy.address()).await.expect("connects");
    let refused = say(&mut late, "select 5").await;
    assert!(refused.is_err(), "new ones are refused");
    faults.clear();
    let mut back = TcpStream::connect(proxy.address()).await.expect("connects");
    passes(&mut back, "select 6").await;
    proxy.stop().await;
}

async fn passes(stream: &mut TcpStream, text: &str) {
    assert_eq!(say(stream, text).await.expect("passes"), text);
}
