//! Handing work to another function: an asynchronous invocation, signed by hand.

use std::time::Duration;

use aws_types::SdkConfig;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{Method, Request, Uri};
use time::OffsetDateTime;

use crate::Error;
use crate::client::Client;
use crate::sign::{Signer, encode, hash};

const SERVICE: &str = "lambda";
const TIMEOUT: Duration = Duration::from_secs(1);

/// Invokes functions without waiting for what they do.
pub(crate) struct Invoker {
    client: Client,
    signer: Signer,
    base: String,
}

impl Invoker {
    /// An invoker through `endpoint`, or the region's own.
    pub(crate) fn new(aws: &SdkConfig, endpoint: Option<&str>) -> Self {
        let signer = Signer::new(aws, SERVICE);
        let base = endpoint.map_or_else(
            || format!("https://lambda.{}.amazonaws.com", signer.region()),
            |endpoint| endpoint.trim_end_matches('/').to_owned(),
        );
        Self {
            client: Client::default(),
            signer,
            base,
        }
    }

    /// Hands `payload` to `function`; Lambda has taken it when this answers.
    pub(crate) async fn hand_over(
        &self,
        now: OffsetDateTime,
        function: &str,
        payload: Vec<u8>,
    ) -> Result<(), Error> {
        let failed = |error: http::Error| Error::Call(SERVICE, error.into());
        let address = format!(
            "{}/2015-03-31/functions/{}/invocations",
            self.base,
            encode(function)
        );
        let uri: Uri = address
            .parse()
            .map_err(|_| Error::Setting("AWS_ENDPOINT_URL_LAMBDA"))?;
        let host = uri
            .authority()
            .ok_or(Error::Setting("AWS_ENDPOINT_URL_LAMBDA"))?
            .as_str()
            .to_owned();
        let scheme = uri.scheme_str().unwrap_or("https").to_owned();
        let moment = self.signer.moment(now).await?;
        let signed = moment.sign("POST", &host, uri.path(), &hash(&payload));
        let mut request = Request::builder()
            .method(Method::POST)
            .header(HOST, host.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, payload.len())
            .header("x-amz-invocation-type", "Event")
            .header("x-amz-date", signed.date)
            .header(AUTHORIZATION, signed.authorization.as_str());
        if let Some(token) = signed.token {
            request = request.header("x-amz-security-token", token);
        }
        let request = request
            .uri(uri)
            .body(Bytes::from(payload).into())
            .map_err(failed)?;
        let status = self
            .client
            .status(SERVICE, &scheme, request, TIMEOUT)
            .await?;
        if status.is_success() {
            return Ok(());
        }
        Err(Error::Call(SERVICE, status.to_string().into()))
    }
}
