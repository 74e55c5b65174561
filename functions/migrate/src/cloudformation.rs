//! The custom resource protocol: CloudFormation asks, and waits for an answer at an address of its own.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

/// CloudFormation takes 4 KiB of answer; a reason is cut well below.
const MAX_REASON: usize = 1_000;

/// A request of CloudFormation.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Custom {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    #[serde(default)]
    physical_resource_id: Option<String>,
}

/// CloudFormation did not get its answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    /// The address or the trust store is unusable.
    #[error("the answer to CloudFormation cannot be sent")]
    Unsendable(#[source] app::Error),
    /// The answer was refused.
    #[error("CloudFormation refused the answer with {0}")]
    Refused(http::StatusCode),
}

impl Custom {
    /// The request, if that is what `event` is.
    pub(crate) fn read(event: &Value) -> Option<Self> {
        Self::deserialize(event).ok()
    }

    /// Whether the resource is to go.
    pub(crate) fn is_delete(&self) -> bool {
        self.request_type == "Delete"
    }

    /// Tells how it went. The data of a success are the resource's attributes.
    pub(crate) async fn answer(&self, done: Result<Value, app::Error>) -> Result<(), AnswerError> {
        let unsendable = |error: app::Error| AnswerError::Unsendable(error);
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| unsendable(error.into()))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(1))
            .build(connector);
        // No content type: the address was signed without one.
        let request = Request::builder()
            .method(Method::PUT)
            .uri(&self.response_url)
            .body(Full::new(Bytes::from(self.document(done).to_string())))
            .map_err(|error| unsendable(error.into()))?;
        let response = client
            .request(request)
            .await
            .map_err(|error| unsendable(error.into()))?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(AnswerError::Refused(response.status()))
        }
    }

    fn document(&self, done: Result<Value, app::Error>) -> Value {
        let known = self.physical_resource_id.as_deref();
        let (status, reason, data) = match done {
            Ok(data) => ("SUCCESS", String::new(), data),
            Err(error) => {
                let reason: String = error.to_string().chars().take(MAX_REASON).collect();
                ("FAILED", reason, json!({}))
            }
        };
        json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": known.unwrap_or("maru-migration"),
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
            "Data": data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Value {
        json!({
            "RequestType": "Create",
            "ResponseURL": "https://example.com/answer?signature=1",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Migration",
            "ResourceType": "Custom::Migration",
            "ResourceProperties": {"Version": "1"},
        })
    }

    #[test]
    fn a_request_is_told_from_a_call_by_hand() {
        assert!(Custom::read(&request()).is_some());
        assert!(Custom::read(&json!({"action": "rotate_keys"})).is_none());
        assert!(Custom::read(&json!({})).is_none());
    }

    #[test]
    fn the_answer_names_what_was_asked() {
        let custom = Custom::read(&request()).unwrap();
        let failed = custom.document(Err("no database".into()));
        assert_eq!(failed["Status"], "FAILED");
        assert_eq!(failed["Reason"], "no database");
        assert_eq!(failed["PhysicalResourceId"], "maru-migration");
        assert_eq!(failed["RequestId"], "request");
        assert_eq!(custom.document(Ok(json!({})))["Status"], "SUCCESS");
    }
}
