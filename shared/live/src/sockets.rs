//! The management API of sockets: posting a frame to a connection, and closing one.

use std::time::Duration;

use aws_types::SdkConfig;
use bytes::Bytes;
use domain::ConnectionId;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use time::OffsetDateTime;

use crate::Error;
use crate::client::Client;
use crate::sign::{Moment, Signer, encode, hash};

/// Longest wait for one post.
const POST_TIMEOUT: Duration = Duration::from_secs(1);
const SERVICE: &str = "execute-api";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A body for many receivers: serialised once, hashed once.
#[derive(Clone)]
pub(crate) struct Frame {
    body: Bytes,
    hash: HeaderHash,
}

type HeaderHash = std::sync::Arc<str>;

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The connection has it.
    Sent,
    /// There is no such connection any more.
    Gone,
    /// Not now: throttled, failing or unreachable.
    Later,
    /// Never: the request itself was turned away.
    Refused,
}

/// Posts to connections through the management API.
pub(crate) struct Sockets {
    client: Client,
    signer: Signer,
    scheme: String,
    host: String,
    host_header: HeaderValue,
    base: String,
}

impl Frame {
    pub(crate) fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = hash(&body).into();
        Self { body, hash }
    }
}

impl Sockets {
    /// A poster to `endpoint`: `https://host/stage`.
    pub(crate) fn new(aws: &SdkConfig, endpoint: &str) -> Result<Self, Error> {
        let wrong = || Error::Setting("MARU_SOCKETS_ENDPOINT");
        let address: Uri = endpoint.parse().map_err(|_| wrong())?;
        let host = address.authority().ok_or_else(wrong)?.as_str().to_owned();
        Ok(Self {
            client: Client::default(),
            signer: Signer::new(aws, SERVICE),
            scheme: address.scheme_str().unwrap_or("https").to_owned(),
            host_header: HeaderValue::try_from(&host).map_err(|_| wrong())?,
            host,
            base: format!("{}/@connections/", address.path().trim_end_matches('/')),
        })
    }

    /// What posts sent about now share.
    pub(crate) async fn moment(&self, now: OffsetDateTime) -> Result<Moment, Error> {
        self.signer.moment(now).await
    }

    /// Posts one frame to one connection, once.
    pub(crate) async fn post(&self, moment: &Moment, to: &ConnectionId, frame: &Frame) -> Posted {
        match self
            .call(moment, Method::POST, to, frame.body.clone(), &frame.hash)
            .await
        {
            Ok(status) if status.is_success() => Posted::Sent,
            Ok(StatusCode::GONE) => Posted::Gone,
            Ok(status) if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Posted::Later
            }
            Ok(status) => {
                tracing::error!(%status, "the management API turned a post away");
                Posted::Refused
            }
            Err(error) => {
                tracing::debug!(error = ?error, "a post did not arrive");
                Posted::Later
            }
        }
    }

    /// Closes a connection; one that is gone already is closed.
    pub(crate) async fn close(&self, moment: &Moment, which: &ConnectionId) -> Result<(), Error> {
        let status = self
            .call(moment, Method::DELETE, which, Bytes::new(), EMPTY)
            .await?;
        if status.is_success() || status == StatusCode::GONE {
            return Ok(());
        }
        Err(Error::Call(SERVICE, status.to_string().into()))
    }

    async fn call(
        &self,
        moment: &Moment,
        method: Method,
        to: &ConnectionId,
        body: Bytes,
        body_hash: &str,
    ) -> Result<StatusCode, Error> {
        let path = format!("{}{}", self.base, encode(&to.0));
        let signed = moment.sign(method.as_str(), &self.host, &path, body_hash);
        let uri = Uri::builder()
            .scheme(self.scheme.as_str())
            .authority(self.host.as_str())
            .path_and_query(path)
            .build()
            .map_err(|error| Error::Call(SERVICE, error.into()))?;
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(HOST, &self.host_header)
            .header("x-amz-date", signed.date)
            .header(AUTHORIZATION, signed.authorization)
            .header(CONTENT_LENGTH, body.len());
        if let Some(token) = signed.token {
            request = request.header("x-amz-security-token", token);
        }
        let request = request
            .body(body.into())
            .map_err(|error| Error::Call(SERVICE, error.into()))?;
        self.client
            .status(SERVICE, &self.scheme, request, POST_TIMEOUT)
            .await
    }
}
