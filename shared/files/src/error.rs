//! What can go wrong between us and S3.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// S3 did not answer, or says that it cannot now.
    #[error("S3 is not reachable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The multipart upload is not there: finished, aborted, or never begun.
    #[error("S3 has no such upload")]
    NoSuchUpload,
    /// The object is not there.
    #[error("S3 has no such object")]
    NoSuchObject,
    /// S3 understood and refused.
    #[error("S3 refused: {code}")]
    Refused {
        /// S3's own code, such as `InvalidPart`.
        code: String,
        /// The whole answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The settings make no sense.
    #[error("the settings of S3 are wrong: {0}")]
    Config(&'static str),
}

impl Error {
    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether S3 refused with this code of its own.
    #[must_use]
    pub fn is_refused_as(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = error.as_service_error().and_then(|error| error.code());
        match (code, status) {
            (Some("NoSuchUpload"), _) => Self::NoSuchUpload,
            (Some("NoSuchKey" | "NotFound"), _) | (None, Some(404)) => Self::NoSuchObject,
            // A 200 can carry InternalError in its body: the code decides, not the status.
            (Some("InternalError" | "SlowDown" | "ServiceUnavailable" | "RequestTimeout"), _)
            | (_, Some(500..))
            | (None, None) => Self::Unavailable(Box::new(error)),
            (code, _) => Self::Refused {
                code: code.unwrap_or("unknown").to_owned(),
                source: Box::new(error),
            },
        }
    }
}
