//! Counts what really travels between a store and Postgres, whatever the code believes: a proxy that reads
//! the protocol of the client's side.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// How long answers are held back: what the client sends meanwhile, it sent without waiting for them.
const HOLD: Duration = Duration::from_millis(5);
/// The code of a request for TLS, which comes before the real greeting.
const TLS_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// What was seen since the last [`WireCounter::reset`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often the client sent something after having been answered: round trips.
    pub round_trips: usize,
    /// Statements that were given a name, which pins a connection of RDS Proxy.
    pub named: usize,
    /// The text of every statement, in order.
    pub statements: Vec<String>,
}

/// The proxy; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub struct WireCounter {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    seen: Seen,
    answered: bool,
}

impl WireCounter {
    /// Listens in front of the Postgres of `url`; answers itself and the address to use instead.
    pub async fn before(url: &str) -> (Self, String) {
        let config: tokio_postgres::Config = url.parse().expect("an address of Postgres");
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let counter = Self {
            address: listener.local_addr().expect("a bound port"),
            state: Arc::default(),
        };
        let state = Arc::clone(&counter.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                    .await
                    .expect("Postgres listens");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(questions(from_client, to_server, Arc::clone(&state)));
                tokio::spawn(answers(from_server, to_client, Arc::clone(&state)));
            }
        });
        let through = url.replace(
            &format!(":{port}/"),
            &format!(":{}/", counter.address.port()),
        );
        assert_ne!(through, url, "the address names its port");
        (counter, through)
    }

    /// Forgets what was seen.
    pub fn reset(&self) {
        let mut state = self.state.lock().expect("no panic while counting");
        state.seen = Seen::default();
        state.answered = true;
    }

    /// What was seen since.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let state = self.state.lock().expect("no panic while counting");
        state.seen.clone()
    }
}

async fn questions(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: Arc<Mutex<State>>) {
    let (mut unread, mut greeted, mut chunk) = (Vec::new(), false, vec![0; 64 * 1024]);
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        unread.extend_from_slice(&chunk[..count]);
        {
            let mut state = state.lock().expect("no panic while counting");
            if std::mem::take(&mut state.answered) {
                state.seen.round_trips += 1;
            }
            while let Some(message) = message(&mut unread, &mut greeted) {
                note(&mut state.seen, &message);
            }
        }
        if to.write_all(&chunk[..count]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: Arc<Mutex<State>>) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        tokio::time::sleep(HOLD).await;
        state.lock().expect("no panic while counting").answered = true;
        if to.write_all(&chunk[..count]).await.is_err() {
            return;
        }
    }
}

/// Takes the next whole message off `unread`: its type byte (0 for a greeting) and its body.
fn message(unread: &mut Vec<u8>, greeted: &mut bool) -> Option<(u8, Vec<u8>)> {
    let head = usize::from(*greeted);
    let length = unread.get(head..head + 4)?.try_into().ok()?;
    let end = head + usize::try_from(u32::from_be_bytes(length)).ok()?;
    if unread.len() < end {
        return None;
    }
    let whole: Vec<u8> = unread.drain(..end).collect();
    let kind = if *greeted { whole[0] } else { 0 };
    let body = whole[head + 4..].to_vec();
    if !*greeted {
        *greeted = !body.starts_with(&TLS_REQUEST);
    }
    Some((kind, body))
}

fn note(seen: &mut Seen, (kind, body): &(u8, Vec<u8>)) {
    let mut texts = body
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned());
    match kind {
        // Parse: the statement's name, then its text.
        b'P' => {
            let name = texts.next().unwrap_or_default();
            seen.named += usize::from(!name.is_empty());
            seen.statements.extend(texts.next());
        }
        // A simple query: its text.
        b'Q' => seen.statements.extend(texts.next()),
        _ => {}
    }
}
