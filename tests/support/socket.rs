//! A socket client for tests: requests with their answers, and events as they come.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::{Person, Stack};

/// Longest wait for anything that must come.
pub const PATIENCE: Duration = Duration::from_secs(10);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    sink: SplitSink<Stream, Message>,
    stream: SplitStream<Stream>,
    events: VecDeque<Value>,
    controls: VecDeque<Value>,
    /// The answer to `hello`.
    pub hello: Value,
    next_id: u64,
}

impl Socket {
    /// Opens a socket with a ticket and greets.
    pub async fn connect(stack: &Stack, person: &Person) -> Self {
        let mut socket = Self::open(stack, person).await;
        socket.hello = socket.send("hello", json!({})).await["data"].clone();
        assert!(
            socket.hello["connection_id"].is_string(),
            "{:#}",
            socket.hello
        );
        socket
    }

    /// Opens a socket with a ticket and says nothing.
    pub async fn open(stack: &Stack, person: &Person) -> Self {
        let ticket = person.post("/v1/realtime/tickets", json!({})).await.ok();
        let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
        Self::with(request(stack, &ticket))
            .await
            .unwrap_or_else(|error| panic!("no socket: {error}"))
    }

    /// Opens a socket by any request.
    pub async fn with(request: ClientRequestBuilder) -> Result<Self, Error> {
        let (stream, _) = connect_async(request).await?;
        let (sink, stream) = stream.split();
        Ok(Self {
            sink,
            stream,
            events: VecDeque::new(),
            controls: VecDeque::new(),
            hello: Value::Null,
            next_id: 0,
        })
    }

    /// Sends a request and waits for its answer.
    pub async fn send(&mut self, action: &str, data: Value) -> Value {
        let id = self.post(action, data).await;
        self.answer(Some(&id)).await
    }

    /// Sends a request; answers its id.
    pub async fn post(&mut self, action: &str, data: Value) -> String {
        self.next_id += 1;
        let id = format!("t{}", self.next_id);
        let frame = json!({ "id": id, "action": action, "data": data });
        self.raw(frame.to_string()).await;
        id
    }

    /// Sends any text.
    pub async fn raw(&mut self, text: impl Into<String>) {
        let message = Message::text(text.into());
        self.sink.send(message).await.expect("the socket is open");
    }

    /// Sends any text to a socket that may be closed already; whether it could be sent.
    pub async fn offer(&mut self, text: impl Into<String>) -> bool {
        self.sink.send(Message::text(text.into())).await.is_ok()
    }

    /// The answer with this id; events that come before it are kept.
    pub async fn answer(&mut self, id: Option<&str>) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.frame(deadline).await;
            let frame = frame.unwrap_or_else(|| panic!("no answer to {id:?}"));
            if frame.get("ok").is_some() && frame["id"].as_str() == id {
                return frame;
            }
            assert!(frame.get("ok").is_none(), "an answer to nothing: {frame}");
        }
    }

    /// The next answer, whatever it answers.
    pub async fn any_answer(&mut self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.frame(deadline).await.expect("an answer comes");
            if frame.get("ok").is_some() {
                return frame;
            }
        }
    }

    /// The next event that `wanted` takes; others are dropped. Fails after ten seconds.
    pub async fn event(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = self.next_event(wanted, PATIENCE).await;
        found.expect("the event comes")
    }

    /// The next event that `wanted` takes, if one comes in time; others are dropped.
    pub async fn next_event(
        &mut self,
        wanted: impl Fn(&Value) -> bool,
        patience: Duration,
    ) -> Option<Value> {
        let deadline = Instant::now() + patience;
        loop {
            while let Some(event) = self.events.pop_front() {
                if wanted(&event) {
                    return Some(event);
                }
            }
            self.frame(deadline).await?;
        }
    }

    /// The next control frame, if one comes in time.
    pub async fn control(&mut self, patience: Duration) -> Option<Value> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(control) = self.controls.pop_front() {
                return Some(control);
            }
            self.frame(deadline).await?;
        }
    }

    /// Every event that had come by the end of a round trip: what was on its way before has arrived by then.
    pub async fn come_by_now(&mut self) -> Vec<Value> {
        self.send("ping", json!({})).await;
        self.take_events()
    }

    /// Every event that has come and was not asked for yet.
    pub fn take_events(&mut self) -> Vec<Value> {
        self.events.drain(..).collect()
    }

    /// Waits until the other side closes; whether it did in time.
    pub async fn closed(&mut self, patience: Duration) -> bool {
        timeout(patience, async {
            while let Some(Ok(message)) = self.stream.next().await {
                if message.is_close() {
                    return;
                }
            }
        })
        .await
        .is_ok()
    }

    /// Cuts the connection without a word, as a lost network does.
    pub fn cut(self) {
        drop(self);
    }

    /// Closes the connection as a client that leaves does.
    pub async fn close(mut self) {
        drop(self.sink.send(Message::Close(None)).await);
    }

    /// Reads one frame, files events and control frames, and answers it; `None` at the deadline or the end.
    async fn frame(&mut self, deadline: Instant) -> Option<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        loop {
            let message = timeout(left, self.stream.next()).await.ok()??.ok()?;
            let Message::Text(text) = message else {
                continue;
            };
            assert!(text.len() <= 32 * 1024, "a frame of {} bytes", text.len());
            let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
            if let Some(events) = frame["events"].as_array() {
                self.events.extend(events.iter().cloned());
            }
            if frame.get("control").is_some() {
                self.controls.push_back(frame.clone());
            }
            return Some(frame);
        }
    }
}

/// A request that opens a socket with `ticket`, speaking our protocol.
#[must_use]
pub fn request(stack: &Stack, ticket: &str) -> ClientRequestBuilder {
    let address = format!("{}?ticket={ticket}", stack.socket);
    ClientRequestBuilder::new(address.parse().expect("an address")).with_sub_protocol("maru.v1")
}
