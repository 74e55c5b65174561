//! S3: multipart uploads, presigned URLs, inspection.
//!
//! No byte of a file passes through here, except for the first few that are inspected: clients talk
//! to S3 with URLs that this crate signs.

mod disposition;
mod error;
mod listing;
mod multipart;
mod object;
mod presign;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_types::SdkConfig;
use time::OffsetDateTime;

pub use disposition::{Disposition, content_disposition};
pub use error::Error;
pub use listing::{KeysPage, Unfinished, UnfinishedPage};
pub use multipart::{StoredPart, composite, composite_of};
pub use object::Object;
pub use presign::{SignedPart, Signer};

/// Longest wait for one try of a call to S3, and for all tries of it.
const ATTEMPT: Duration = Duration::from_secs(6);
const OPERATION: Duration = Duration::from_secs(15);

/// The bucket, as a function sees it. Cheap to clone; nothing is connected before first use.
#[derive(Clone)]
pub struct Files {
    inner: Arc<Inner>,
}

struct Inner {
    /// Made at first use: an SDK's client reads the machine's whole trust store, which would be most of a cold start.
    s3: LazyLock<aws_sdk_s3::Client, Box<dyn FnOnce() -> aws_sdk_s3::Client + Send + Sync>>,
    bucket: String,
    region: String,
    credentials: SharedCredentialsProvider,
    /// Scheme, host and path before the key, as clients reach the bucket.
    address: presign::Address,
}

impl Files {
    /// The bucket called `bucket`. An endpoint in `config` (a store that is not AWS) is addressed by path,
    /// AWS itself by host name.
    ///
    /// # Errors
    /// When `config` has no region or credentials, or an endpoint that is no address.
    pub fn new(config: &SdkConfig, bucket: &str) -> Result<Self, Error> {
        let region = config
            .region()
            .ok_or(Error::Config("no region"))?
            .to_string();
        let credentials = config
            .credentials_provider()
            .ok_or(Error::Config("no credentials"))?;
        let endpoint = config.endpoint_url();
        let settings = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(endpoint.is_some())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .operation_attempt_timeout(ATTEMPT)
                    .operation_timeout(OPERATION)
                    .build(),
            )
            .build();
        Ok(Self {
            inner: Arc::new(Inner {
                s3: LazyLock::new(Box::new(|| aws_sdk_s3::Client::from_conf(settings))),
                address: presign::Address::new(endpoint, bucket, &region)?,
                bucket: bucket.to_owned(),
                region,
                credentials,
            }),
        })
    }

    /// Something that signs URLs for whoever asks at `at`; they are good for `expires_s` seconds.
    /// Local work, no call.
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn signer(&self, at: OffsetDateTime, expires_s: u32) -> Result<Signer, Error> {
        let credentials = self
            .inner
            .credentials
            .provide_credentials()
            .await
            .map_err(|error| Error::Unavailable(error.into()))?;
        Signer::new(
            &self.inner.address,
            &credentials,
            &self.inner.region,
            at,
            expires_s,
        )
    }

    /// Whether S3 answers and the bucket is there.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.s3().head_bucket().bucket(self.bucket()).send().await?;
        Ok(())
    }

    fn s3(&self) -> &aws_sdk_s3::Client {
        &self.inner.s3
    }

    fn bucket(&self) -> &str {
        &self.inner.bucket
    }
}
