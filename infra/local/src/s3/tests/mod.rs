//! The store as its clients see it: presigned URLs over HTTP, nothing else.
#![expect(
    clippy::disallowed_methods,
    reason = "tests sign with the real time and make folders of their own"
)]

mod checksums;
mod objects;
mod rules;
mod uploads;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use s3s::crypto::{Checksum as _, Sha256};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use uuid::Uuid;

use super::{Options, S3};
use crate::faults::Faults;

/// Least size of a part that another one follows.
const MIN: usize = 5 * 1024 * 1024;

/// One store in a folder of its own, and a client for it.
struct Home {
    s3: S3,
    root: PathBuf,
    faults: Faults,
    created: UnboundedReceiver<Value>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

/// How a URL is signed.
struct Signing {
    time: SystemTime,
    life: Duration,
    region: &'static str,
    headers: Vec<(&'static str, String)>,
}

impl Home {
    async fn new() -> Self {
        let name = format!("maru-s3-{}", Uuid::now_v7().simple());
        Self::at(std::env::temp_dir().join(name)).await
    }

    async fn at(root: PathBuf) -> Self {
        let (sender, created) = unbounded_channel();
        let faults = Faults::default();
        let options = Options {
            root: root.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            access_key: "AKID".to_owned(),
            secret_key: "secret".to_owned(),
            region: "ap-northeast-2".to_owned(),
            buckets: vec!["files".to_owned()],
            cors_origins: vec!["https://maru.example".to_owned()],
        };
        Self {
            s3: S3::start(options, sender, faults.clone())
                .await
                .expect("starts"),
            root,
            faults,
            created,
            http: reqwest::Client::new(),
        }
    }

    async fn restart(self) -> Self {
        self.s3.stop().await;
        Self::at(self.root).await
    }

    async fn end(self) {
        self.s3.stop().await;
        std::fs::remove_dir_all(self.root).expect("removed");
    }

    /// How many files of bytes there are.
    fn data_files(&self) -> usize {
        std::fs::read_dir(self.root.join("files/data"))
            .expect("folder")
            .count()
    }

    fn presign(&self, method: &Method, path: &str, signing: &Signing) -> String {
        let url = format!("{}/files/{path}", self.s3.url());
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(signing.life);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = Credentials::new("AKID", "secret", None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(signing.region)
            .name("s3")
            .time(signing.time)
            .settings(settings)
            .build()
            .expect("complete")
            .into();
        let headers = signing
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let request = SignableRequest::new(
            method.as_str(),
            &url,
            headers,
            SignableBody::UnsignedPayload,
        );
        let signed = sign(request.expect("signable"), &parameters).expect("signed");
        let (_, query) = signed.into_parts().0.into_parts();
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{url}{joint}{query}")
    }

    /// Sends with all headers signed.
    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let signing = Signing {
            headers: headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ..Signing::default()
        };
        let url = self.presign(&method, path, &signing);
        self.send(method, &url, headers, body)
            .await
            .expect("an answer")
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// Starts a multipart upload of `key` with these headers and answers its id.
    async fn create(&self, key: &str, headers: &[(&'static str, &str)]) -> String {
        let path = format!("{key}?uploads");
        let created = self.call(Method::POST, &path, headers, "").await;
        assert_eq!(created.status, 200, "{}", created.text());
        created.tag("UploadId")
    }

    /// Uploads a part with its SHA-256 and answers its entry in the list of parts.
    async fn part(&self, key: &str, id: &str, number: usize, bytes: Vec<u8>) -> String {
        let sum = sha256(&bytes);
        let path = format!("{key}?partNumber={number}&uploadId={id}");
        let headers = [("x-amz-checksum-sha256", sum.as_str())];
        let put = self.call(Method::PUT, &path, &headers, bytes).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let etag = put.header("etag");
        format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><ChecksumSHA256>{sum}</ChecksumSHA256></Part>"
        )
    }

    async fn complete(&self, key: &str, id: &str, parts: &[String]) -> Answer {
        let path = format!("{key}?uploadId={id}");
        self.call(Method::POST, &path, &[], list(parts)).await
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            time: SystemTime::now(),
            life: Duration::from_secs(300),
            region: "ap-northeast-2",
            headers: Vec::new(),
        }
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> String {
        let value = self.headers.get(name);
        value.map_or_else(String::new, |value| {
            value.to_str().expect("text").to_owned()
        })
    }

    /// The text of the first element of this name.
    fn tag(&self, name: &str) -> String {
        let text = self.text();
        let found = text
            .split_once(&format!("<{name}>"))
            .and_then(|(_, rest)| rest.split_once('<'));
        found.map_or_else(String::new, |(value, _)| value.replace("&quot;", "\""))
    }
}

fn list(parts: &[String]) -> String {
    format!(
        "<CompleteMultipartUpload>{}</CompleteMultipartUpload>",
        parts.concat()
    )
}

fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::checksum(bytes))
}

/// Bytes that differ from part to part and along the way.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| seed.wrapping_add((index % 251) as u8))
        .collect()
}
