//! API Gateway on this machine: the HTTP API, the WebSocket API and its @connections.
//!
//! One listener for all three: sockets open at `/live`, their management API is
//! `/live/@connections/{id}`, everything else is REST.

mod connection;
mod event;
mod handshake;
mod management;
mod quota;
mod refusal;
mod registry;
mod rest;
mod routes;
#[cfg(test)]
mod tests;
mod text;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::Faults;
use crate::lambda::Lambda;
use crate::loopback::{Body, Cut, Server, StartError};
use crate::template::{Cors, Sockets, Template};
use quota::Quota;
use registry::Registry;
use routes::Routes;

/// The stage under which sockets are reached; the template must name the same.
pub const STAGE: &str = "live";

/// How the gateway is run. It listens from [`Options::bind`] on and answers once it is started, so
/// that its address can be told to functions first.
#[derive(Debug)]
pub struct Options {
    listener: std::net::TcpListener,
    address: SocketAddr,
    /// A socket without traffic is closed after this time.
    pub idle: Duration,
    /// Every socket is closed at this age.
    pub max_age: Duration,
    /// How long a function may take to answer.
    pub integration: Duration,
    /// Requests a second that the account allows, HTTP and management calls together, with half
    /// as many at once; `None` for no limit.
    pub quota: Option<u32>,
    /// Faults on request.
    pub faults: Faults,
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    server: Mutex<Option<Server>>,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    lambda: Lambda,
    routes: Routes,
    cors: Option<Cors>,
    sockets: Option<Sockets>,
    registry: Registry,
    quota: Option<Quota>,
    idle: Duration,
    max_age: Duration,
    integration: Duration,
    faults: Faults,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Options {
    /// Takes the address; port 0 for a free one. The limits are those of AWS.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            idle: Duration::from_secs(10 * 60),
            max_age: Duration::from_secs(2 * 60 * 60),
            integration: Duration::from_secs(30),
            quota: None,
            faults: Faults::default(),
        })
    }

    /// The base of the HTTP API: `http://ADDRESS:PORT`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where sockets are opened: `ws://ADDRESS:PORT/live`.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("ws://{}/{STAGE}", self.address)
    }

    /// The base of @connections: `http://ADDRESS:PORT/live`.
    #[must_use]
    pub fn management_url(&self) -> String {
        format!("http://{}/{STAGE}", self.address)
    }
}

impl Gateway {
    /// Answers from now on, as the template says.
    ///
    /// # Errors
    /// When the template's stage is another one, or the listener is gone.
    pub async fn start(
        options: Options,
        template: &Template,
        lambda: Lambda,
    ) -> Result<Self, StartError> {
        if let Some(sockets) = &template.sockets
            && sockets.stage != STAGE
        {
            let stage = &sockets.stage;
            let reason = format!("the stage is `{stage}`, expected `{STAGE}`");
            return Err(StartError::new("the gateway cannot start", reason));
        }
        raise_descriptors();
        let inner = Arc::new(Inner {
            lambda,
            routes: Routes::new(&template.routes),
            cors: template.cors.clone(),
            sockets: template.sockets.clone(),
            registry: Registry::default(),
            quota: options.quota.map(Quota::new),
            idle: options.idle,
            max_age: options.max_age,
            integration: options.integration,
            faults: options.faults,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let failed = |error: std::io::Error| StartError::new("the gateway cannot start", error);
        let listener = tokio::net::TcpListener::from_std(options.listener).map_err(failed)?;
        let handler = Arc::clone(&inner);
        let server = Server::serve(listener, move |request| {
            handle(Arc::clone(&handler), request)
        });
        Ok(Self {
            address: options.address,
            server: Mutex::new(Some(server.map_err(failed)?)),
            inner,
        })
    }

    /// The base of the HTTP API: `http://ADDRESS:PORT`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where sockets are opened: `ws://ADDRESS:PORT/live`.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("ws://{}/{STAGE}", self.address)
    }

    /// The base of @connections: `http://ADDRESS:PORT/live`.
    #[must_use]
    pub fn management_url(&self) -> String {
        format!("http://{}/{STAGE}", self.address)
    }

    /// How many sockets are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.registry.len()
    }

    /// Closes every socket as API Gateway does when it goes away.
    pub fn close_sockets(&self) {
        self.inner.registry.close_all();
    }

    /// Stops listening and drops all sockets without calling `$disconnect`.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        let server = self
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(server) = server {
            server.stop().await;
        }
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

/// Takes as many file descriptors as the system gives: each socket is one, and some systems start
/// programs with 256.
fn raise_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays");
    }
}

async fn handle(inner: Arc<Inner>, request: Request<Body>) -> Result<Response<Body>, Cut> {
    let path = request.uri().path();
    let staged = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(STAGE));
    match (&inner.sockets, staged) {
        (Some(sockets), Some("" | "/")) if handshake::is_upgrade(&request) => {
            let sockets = sockets.clone();
            Ok(handshake::answer(&inner, &sockets, request).await)
        }
        (Some(_), Some(rest)) if rest.starts_with("/@connections/") => {
            management::handle(&inner, request).await
        }
        _ => Ok(rest::handle(&inner, request).await),
    }
}
