//! A TCP proxy for Postgres and Redis: passes, delays, cuts or refuses, as the rules say.
//!
//! It knows nothing of either protocol. The operation of a rule is looked for in the bytes that
//! the client sends; `after` strikes when the answer to those bytes comes back.

use std::net::SocketAddr;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Effect, Faults, Target, locked};
use crate::loopback::{Cut, StartError};

/// How much is passed on at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// A running proxy.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl TcpProxy {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and listens no more.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Passes connections to `listen` on to `upstream`, with the faults that stand for `target`.
///
/// # Errors
/// When `listen` is taken.
pub async fn tcp_proxy(
    target: Target,
    listen: SocketAddr,
    upstream: SocketAddr,
    faults: Faults,
) -> Result<TcpProxy, StartError> {
    let failed = |error| StartError::new(format!("the proxy cannot listen on {listen}"), error);
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let stopped = stop.clone().cancelled_owned();
    let connections = tasks.clone();
    let ending = stop.clone();
    tasks.spawn(async move {
        let accepting = async {
            loop {
                let Ok((client, _)) = listener.accept().await else {
                    continue;
                };
                let pass = pass(client, target, upstream, faults.clone());
                let ending = ending.clone();
                connections.spawn(async move {
                    tokio::select! {
                        () = pass => {}
                        () = ending.cancelled() => {}
                    }
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stopped => {}
        }
    });
    Ok(TcpProxy {
        address,
        stop,
        tasks,
    })
}

async fn pass(client: TcpStream, target: Target, upstream: SocketAddr, faults: Faults) {
    if faults.is_absent(target) {
        reset(&client);
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else {
        reset(&client);
        return;
    };
    for side in [&client, &server] {
        if let Err(error) = side.set_nodelay(true) {
            tracing::debug!(%error, "nodelay refused");
        }
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let watch = Watch {
        target,
        faults: faults.clone(),
        awaited: Mutex::default(),
    };
    let cut = tokio::select! {
        ended = sending(&watch, from_client, to_server) => ended.is_err(),
        ended = answering(&watch, from_server, &to_client) => ended.is_err(),
        () = turned_absent(&faults, target) => true,
    };
    if cut {
        reset(to_client.as_ref());
    }
}

/// What the two directions of one connection know together.
struct Watch {
    target: Target,
    faults: Faults,
    /// The last request, while a rule stands for the answer to it.
    awaited: Mutex<Option<Vec<u8>>>,
}

impl Watch {
    async fn request(&self, bytes: &[u8]) -> Result<(), Cut> {
        let holds = |wanted: &str| contains(bytes, wanted.as_bytes());
        self.strike(false, holds).await?;
        let awaited = self.faults.standing().iter().any(|standing| {
            let rule = &standing.rule;
            rule.target == self.target && rule.after && rule.operation.as_deref().is_none_or(holds)
        });
        *locked(&self.awaited) = awaited.then(|| bytes.to_vec());
        Ok(())
    }

    async fn response(&self) -> Result<(), Cut> {
        let awaited = locked(&self.awaited).take();
        match awaited {
            Some(request) => {
                self.strike(true, |wanted| contains(&request, wanted.as_bytes()))
                    .await
            }
            None => Ok(()),
        }
    }

    async fn strike(&self, after: bool, holds: impl Fn(&str) -> bool) -> Result<(), Cut> {
        match self.faults.strike(self.target, after, holds).await {
            None | Some(Effect::Delay(_) | Effect::Twice) => Ok(()),
            Some(_) => Err(Cut),
        }
    }
}

/// Passes on what the client sends until either side is gone.
async fn sending(
    watch: &Watch,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
) -> Result<(), Cut> {
    let mut buffer = vec![0; BUFFER];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !watch.faults.idle() {
            watch.request(&buffer[..read]).await?;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Passes on what the server answers until either side is gone.
async fn answering(watch: &Watch, mut from: OwnedReadHalf, to: &OwnedWriteHalf) -> Result<(), Cut> {
    let mut buffer = vec![0; BUFFER];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !watch.faults.idle() {
            watch.response().await?;
        }
        if write_all(to, &buffer[..read]).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes through a shared half, so that it is still there to be reset.
async fn write_all(to: &OwnedWriteHalf, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn turned_absent(faults: &Faults, target: Target) {
    let mut changes = faults.changes();
    loop {
        if faults.is_absent(target) || changes.changed().await.is_err() {
            return;
        }
    }
}

/// Closes by a reset, as a server that went away does.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "linger refused");
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || bytes.windows(wanted.len()).any(|window| window == wanted)
}
