//! One open socket: frames in to functions, in order; messages out; an end.

mod deliver;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::registry::{Connection, Outbound};
use super::{Inner, event};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The largest frame, in bytes; messages to clients are split into frames of this size.
const MAX_FRAME: usize = 32 * 1024;

/// The largest message of several frames, in bytes.
const MAX_MESSAGE: usize = 128 * 1024;

/// Frames that wait while the function is at an earlier one; beyond them the socket is not read.
const INBOX: usize = 32;

/// How long a client may take to accept what is written to it.
const WRITE: Duration = Duration::from_secs(10);

/// Serves the connection until it ends, then tells `$disconnect`.
pub(super) async fn run(
    inner: Arc<Inner>,
    connection: Arc<Connection>,
    messages: Receiver<Outbound>,
    upgrade: OnUpgrade,
) {
    let talk = async {
        match upgrade.await {
            Ok(upgraded) => {
                Talk::new(&inner, &connection, messages, upgraded)
                    .await
                    .run()
                    .await
            }
            Err(_) => End::new(1006, "the handshake was cut"),
        }
    };
    let stopped = inner.stop.run_until_cancelled(talk).await;
    inner.registry.remove(&connection.id);
    let route = inner
        .sockets
        .as_ref()
        .and_then(|sockets| sockets.routes.get("$disconnect"));
    if let (Some(end), Some(function)) = (stopped, route) {
        let event = event::disconnect(&connection, end.code, &end.reason);
        if let Err(error) = inner.lambda.invoke_event(function, event) {
            tracing::warn!(%error, "$disconnect was not delivered");
        }
    }
}

/// How a connection ended, as `$disconnect` hears it.
struct End {
    code: u16,
    reason: String,
}

impl End {
    fn new(code: u16, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
        }
    }
}

/// The answer to the frame that a function is at: only failures are told.
type Running = Pin<Box<dyn Future<Output = Option<Utf8Bytes>> + Send>>;

struct Talk<'a> {
    inner: &'a Arc<Inner>,
    connection: &'a Arc<Connection>,
    socket: Socket,
    messages: Receiver<Outbound>,
    inbox: VecDeque<Message>,
    running: Option<Running>,
    last_active: Instant,
    oldest: Instant,
}

/// What happens next.
enum Step {
    Out(Option<Outbound>),
    In(Option<Result<Message, Error>>),
    Done(Option<Utf8Bytes>),
    Time,
}

impl<'a> Talk<'a> {
    async fn new(
        inner: &'a Arc<Inner>,
        connection: &'a Arc<Connection>,
        messages: Receiver<Outbound>,
        upgraded: Upgraded,
    ) -> Self {
        // Small buffers: there may be ten thousand of them.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .write_buffer_size(4 * 1024)
            .max_frame_size(Some(MAX_FRAME))
            .max_message_size(Some(MAX_MESSAGE));
        let io = TokioIo::new(upgraded);
        let now = Instant::now();
        Self {
            inner,
            connection,
            socket: WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await,
            messages,
            inbox: VecDeque::new(),
            running: None,
            last_active: now,
            oldest: now + inner.max_age,
        }
    }

    async fn run(mut self) -> End {
        let mut timer = Box::pin(sleep_until(self.deadline()));
        loop {
            if self.running.is_none()
                && let Some(message) = self.inbox.pop_front()
            {
                self.running = Some(self.deliver(message));
            }
            let end = match self.step(&mut timer).await {
                Step::Out(Some(Outbound::Send(text))) => self.send(text).await.err(),
                Step::Out(_) => Some(self.close(CloseCode::Normal, "").await),
                Step::In(message) => self.receive(message).await.err(),
                Step::Done(answer) => {
                    self.running = None;
                    match answer {
                        Some(text) => self.send(text).await.err(),
                        None => None,
                    }
                }
                Step::Time if Instant::now() >= self.deadline() => {
                    Some(self.close(CloseCode::Away, "Going away").await)
                }
                Step::Time => {
                    timer.as_mut().reset(self.deadline());
                    None
                }
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn step(&mut self, timer: &mut Pin<Box<Sleep>>) -> Step {
        let running = async {
            match &mut self.running {
                Some(running) => running.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            outbound = self.messages.recv() => Step::Out(outbound),
            message = self.socket.next(), if self.inbox.len() < INBOX => Step::In(message),
            answer = running => Step::Done(answer),
            () = timer => Step::Time,
        }
    }

    /// When it is closed unless something goes through.
    fn deadline(&self) -> Instant {
        self.oldest.min(self.last_active + self.inner.idle)
    }

    fn touch(&mut self) {
        self.last_active = Instant::now();
        self.connection.touch();
    }

    async fn receive(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        match message {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                self.touch();
                self.inbox.push_back(message);
                Ok(())
            }
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.to_string())
                });
                // The answer to the close frame goes out with the next read.
                drop(tokio::time::timeout(Duration::from_secs(1), self.socket.next()).await);
                Err(End { code, reason })
            }
            Some(Ok(_)) => {
                self.touch();
                Ok(())
            }
            Some(Err(Error::Capacity(_))) => {
                Err(self.close(CloseCode::Size, "Message too big").await)
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => {
                Err(self.close(CloseCode::Protocol, "Protocol error").await)
            }
            Some(Err(_)) | None => Err(End::new(1006, "Connection closed unexpectedly")),
        }
    }

    /// Writes this message and all that wait behind it, then flushes once.
    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.touch();
        let Self {
            socket, messages, ..
        } = self;
        let write = async {
            let mut next = Some(Outbound::Send(text));
            while let Some(Outbound::Send(text)) = next {
                feed(socket, text).await?;
                next = messages.try_recv().ok();
            }
            socket.flush().await?;
            Ok::<_, Error>(next.is_some())
        };
        match tokio::time::timeout(WRITE, write).await {
            Ok(Ok(false)) => Ok(()),
            Ok(Ok(true)) => Err(self.close(CloseCode::Normal, "").await),
            Ok(Err(_)) => Err(End::new(1006, "Connection closed unexpectedly")),
            Err(_) => Err(End::new(1001, "the client does not read")),
        }
    }

    async fn close(&mut self, code: CloseCode, reason: &'static str) -> End {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        let closing = async {
            // Whatever the client still sends is read, so that it finds the close frame.
            self.socket.close(Some(frame)).await?;
            while self
                .socket
                .next()
                .await
                .is_some_and(|message| message.is_ok())
            {}
            Ok::<(), Error>(())
        };
        if !matches!(
            tokio::time::timeout(Duration::from_secs(1), closing).await,
            Ok(Ok(()))
        ) {
            tracing::debug!("a client did not wait for the end");
        }
        End::new(code.into(), reason)
    }
}

/// Writes one message, in frames of at most [`MAX_FRAME`].
async fn feed(socket: &mut Socket, text: Utf8Bytes) -> Result<(), Error> {
    if text.len() <= MAX_FRAME {
        return socket.feed(Message::Text(text)).await;
    }
    let mut rest = bytes::Bytes::from(text);
    let mut code = Data::Text;
    while !rest.is_empty() {
        let part = rest.split_to(rest.len().min(MAX_FRAME));
        let frame = Frame::message(part, OpCode::Data(code), rest.is_empty());
        socket.feed(Message::Frame(frame)).await?;
        code = Data::Continue;
    }
    Ok(())
}
