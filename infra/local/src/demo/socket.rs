//! A socket client: requests with answers, and the room's events in a channel.

use std::time::Duration;

use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Error;
use super::rest::{Rest, text};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longest wait for an answer or an event that must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// One device's socket.
pub(super) struct Live {
    sink: SplitSink<Socket, Message>,
    answers: UnboundedReceiver<Value>,
    /// Every event, with the moment it arrived.
    pub(super) events: UnboundedReceiver<(Instant, Value)>,
    asked: u64,
}

impl Live {
    /// Buys a ticket, connects, and says hello.
    pub(super) async fn connect(rest: &Rest, address: &str) -> Result<Self, Error> {
        let ticket = rest.post("/v1/realtime/tickets", &json!({})).await?;
        let url = format!("{address}?ticket={}", text(&ticket, "/ticket")?);
        let (socket, _) = connect_async(url)
            .await
            .map_err(|error| Error::Socket(error.into()))?;
        let (sink, stream) = socket.split();
        let (to_answers, answers) = unbounded_channel();
        let (to_events, events) = unbounded_channel();
        tokio::spawn(stream.for_each(move |frame| {
            sort(frame, &to_answers, &to_events);
            std::future::ready(())
        }));
        let mut live = Self {
            sink,
            answers,
            events,
            asked: 0,
        };
        live.ask("hello", json!({})).await?;
        Ok(live)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn ask(&mut self, action: &str, data: Value) -> Result<Value, Error> {
        self.asked += 1;
        let id = format!("c{}", self.asked);
        let frame = json!({"id": id, "action": action, "data": data}).to_string();
        self.sink
            .send(Message::text(frame))
            .await
            .map_err(|error| Error::Socket(error.into()))?;
        let missing = || Error::Unexpected(format!("{action} over the socket was not answered"));
        let answer = async {
            loop {
                let answer = self.answers.recv().await.ok_or_else(missing)?;
                if answer["id"] == id {
                    return Ok::<_, Error>(answer);
                }
            }
        };
        let answer = timeout(PATIENCE, answer).await.map_err(|_| missing())??;
        if answer["ok"] == true {
            return Ok(answer["data"].clone());
        }
        Err(Error::Refused(
            action.to_owned(),
            0,
            answer["error"].to_string(),
        ))
    }

    /// The next event that `wanted` takes; others are passed over.
    pub(super) async fn wait(
        &mut self,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<(Instant, Value), Error> {
        let missing = || Error::Unexpected(format!("{what} did not arrive over the socket"));
        let event = async {
            loop {
                let event = self.events.recv().await.ok_or_else(missing)?;
                if wanted(&event.1) {
                    return Ok::<_, Error>(event);
                }
            }
        };
        timeout(PATIENCE, event).await.map_err(|_| missing())?
    }
}

/// Sorts a frame into answers and events.
fn sort(
    frame: Result<Message, tokio_tungstenite::tungstenite::Error>,
    answers: &UnboundedSender<Value>,
    events: &UnboundedSender<(Instant, Value)>,
) {
    let Ok(Message::Text(frame)) = frame else {
        return;
    };
    let Ok(mut frame) = serde_json::from_str::<Value>(&frame) else {
        return;
    };
    // A closed channel means that the device is gone; nobody misses what it would have heard.
    if let Some(list) = frame["events"].as_array_mut() {
        let now = Instant::now();
        for event in list.drain(..) {
            drop(events.send((now, event)));
        }
    } else {
        drop(answers.send(frame));
    }
}
