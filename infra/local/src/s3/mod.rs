//! S3 on this machine: the s3s crate over a small store of our own.
//!
//! s3s reads requests, verifies signatures and writes answers. What it lacks stands before it
//! (`gate`): CORS, and S3's refusal of headers that were not signed. Path-style addressing only.

mod checksum;
mod disk;
mod events;
mod gate;
mod join;
mod load;
mod model;
mod ops;
mod read;
mod receive;
mod store;
#[cfg(test)]
mod tests;
mod uploads;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use http::header::ORIGIN;
use http::{Request, Response};
use http_body_util::BodyExt;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::sync::mpsc::UnboundedSender;

use crate::faults::{self, Faults, Target};
use crate::loopback::{Body, Cut, Server, StartError};
use events::Notifier;
use gate::Gate;
use ops::Service;
use store::Store;

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
        let notifier = Notifier::new(created, faults.clone(), options.region.clone());
        let (root, buckets) = (options.root.clone(), options.buckets.clone());
        let failed = format!("the S3 store cannot be read: {}", root.display());
        let opening = tokio::task::spawn_blocking(move || Store::open(root, &buckets, notifier));
        let store = match opening.await {
            Ok(Ok(store)) => Arc::new(store),
            Ok(Err(error)) => return Err(StartError::new(failed, error)),
            Err(error) => return Err(StartError::new(failed, error)),
        };
        let gate = Gate {
            origins: options.cors_origins,
            region: options.region.clone(),
        };
        let mut builder = S3ServiceBuilder::new(Service {
            store,
            region: options.region,
        });
        builder.set_auth(SimpleAuth::from_single(
            options.access_key,
            options.secret_key,
        ));
        let (service, gate) = (builder.build(), Arc::new(gate));
        let server = Server::start("S3", options.listen, move |request| {
            answer(service.clone(), Arc::clone(&gate), faults.clone(), request)
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

async fn answer(
    service: S3Service,
    gate: Arc<Gate>,
    faults: Faults,
    request: Request<Body>,
) -> Result<Response<Body>, Cut> {
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = match gate.stops(&request) {
        Some(response) => response,
        None => {
            let operation = gate::operation(&request);
            let call = |request| serve(&service, request);
            faults::around(
                &faults,
                (Target::S3, operation),
                request,
                gate::failure,
                call,
            )
            .await?
        }
    };
    gate.open(origin.as_ref(), response.headers_mut());
    Ok(response)
}

async fn serve(service: &S3Service, request: Request<Body>) -> Response<Body> {
    match service.call(request.map(s3s::Body::http_body)).await {
        Ok(response) => response.map(BodyExt::boxed),
        Err(error) => {
            tracing::error!(?error, "s3s could not answer");
            gate::failure(500)
        }
    }
}
