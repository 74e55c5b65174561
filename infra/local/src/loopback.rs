//! One small HTTP/1 server, shared by everything that the local stack plays itself.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Any error that a body may end in.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of requests and answers alike.
pub type Body = BoxBody<Bytes, BoxError>;

/// Who sent a request: an extension of each one.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Asks the server to drop the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut on purpose")]
pub struct Cut;

/// Why a service of the local stack could not start; the source says what the system answered.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StartError {
    what: String,
    #[source]
    source: BoxError,
}

/// A running server; dropped without [`Server::stop`] it serves on until the runtime ends.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How much a connection may read or write at once, in bytes; large files want it large.
const BUFFER: usize = 1024 * 1024;

/// How long a stopping server waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(2);

/// How much of an unwanted request body is read so that the client hears the answer, in bytes.
const DRAIN: usize = 256 * 1024 * 1024;

impl StartError {
    /// An error that reads `what`, caused by `source`.
    pub fn new(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self {
            what: what.into(),
            source: source.into(),
        }
    }
}

impl Server {
    /// Listens on `listen` (port 0: any free one) and answers each request by `handle`.
    ///
    /// # Errors
    /// When the address cannot be listened on; the message carries `name`.
    pub async fn start<F, Fut>(
        name: &str,
        listen: SocketAddr,
        handle: F,
    ) -> Result<Self, StartError>
    where
        F: Fn(Request<Body>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response<Body>, Cut>> + Send + 'static,
    {
        let failed = |error| StartError::new(format!("{name} cannot listen on {listen}"), error);
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        Self::serve(listener, handle).map_err(failed)
    }

    /// Like [`Server::start`], on a listener whose address had to be known earlier.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn serve<F, Fut>(listener: TcpListener, handle: F) -> std::io::Result<Self>
    where
        F: Fn(Request<Body>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response<Body>, Cut>> + Send + 'static,
    {
        let address = listener.local_addr()?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, handle, stop.clone(), tasks.clone()));
        Ok(Self {
            address,
            stop,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more connections, lets running answers end for two seconds, then cuts them.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A body of these bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed()
}

/// Reads a body of at most `limit` bytes; `None` when it is larger or broke off.
pub async fn read(mut body: Body, limit: usize) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let data = frame.ok()?.into_data().unwrap_or_default();
        if bytes.len() + data.len() > limit {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    Some(bytes.freeze())
}

/// Whether the request names this machine as its host.
///
/// A page of another site can make its own name lead here; then the browser sends that name.
pub fn is_addressed_locally<T>(request: &Request<T>) -> bool {
    let host = request.headers().get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// An answer of these bytes.
pub fn answer(
    status: http::StatusCode,
    content_type: &str,
    bytes: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    if let Ok(value) = content_type.parse() {
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, value);
    }
    response
}

async fn accept<F, Fut>(
    listener: TcpListener,
    handle: F,
    stop: CancellationToken,
    tasks: TaskTracker,
) where
    F: Fn(Request<Body>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Body>, Cut>> + Send + 'static,
{
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                tasks.spawn(serve((stream, Peer(peer)), handle.clone(), stop.clone()));
            }
            // Out of file descriptors, mostly: the next connection may find one again.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn serve<F, Fut>((stream, peer): (TcpStream, Peer), handle: F, stop: CancellationToken)
where
    F: Fn(Request<Body>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Body>, Cut>> + Send + 'static,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "nodelay refused");
    }
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        handle(request.map(|body| Draining { body: Some(body) }.boxed()))
    });
    let mut connection = pin!(
        http1::Builder::new()
            .max_buf_size(BUFFER)
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A request body that is read to its end even when nobody wants it.
///
/// A client that is still sending while the server closes sees a broken pipe, not the refusal.
struct Draining {
    body: Option<Incoming>,
}

impl hyper::body::Body for Draining {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let mut read = 0;
            while let Some(Ok(frame)) = body.frame().await {
                read += frame.data_ref().map_or(0, Bytes::len);
                if read > DRAIN {
                    break;
                }
            }
        });
    }
}
