//! One warm pool of HTTP connections per instance.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use crate::Error;

/// Warm connections kept per host: as many as posts run at once.
const IDLE: usize = 256;
/// Shorter than the gateway's own patience, so that it is not us who meets a closing connection.
const IDLE_FOR: Duration = Duration::from_secs(20);

/// Plain for the local stack, TLS elsewhere; each pool is made at first use.
#[derive(Default)]
pub(crate) struct Client {
    plain: OnceLock<Pool<HttpConnector, Full<Bytes>>>,
    tls: OnceLock<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>>,
}

impl Client {
    /// Sends one request and answers its status; the answer's body is read to its end, so that the
    /// connection can be used again.
    pub(crate) async fn status(
        &self,
        service: &'static str,
        scheme: &str,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<StatusCode, Error> {
        let exchange = async {
            let response = if scheme == "http" {
                self.plain().request(request).await
            } else {
                self.tls()?.request(request).await
            };
            let response = response.map_err(|error| Error::Call(service, error.into()))?;
            let status = response.status();
            let body = response.into_body().collect().await;
            body.map_err(|error| Error::Call(service, error.into()))?;
            Ok(status)
        };
        match timeout(patience, exchange).await {
            Ok(done) => done,
            Err(late) => Err(Error::Call(service, late.into())),
        }
    }

    fn plain(&self) -> &Pool<HttpConnector, Full<Bytes>> {
        self.plain.get_or_init(|| builder().build(connector()))
    }

    fn tls(&self) -> Result<&Pool<HttpsConnector<HttpConnector>, Full<Bytes>>, Error> {
        if let Some(pool) = self.tls.get() {
            return Ok(pool);
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| Error::Call("TLS", error.into()))?
            .https_only()
            .enable_http1()
            .wrap_connector(connector());
        Ok(self.tls.get_or_init(|| builder().build(connector)))
    }
}

fn builder() -> Builder {
    let mut builder = Pool::builder(TokioExecutor::new());
    builder
        .pool_max_idle_per_host(IDLE)
        .pool_idle_timeout(IDLE_FOR)
        .pool_timer(TokioTimer::new());
    builder
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(Duration::from_secs(1)));
    connector
}
