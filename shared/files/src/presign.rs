//! Presigned URLs (Signature Version 4 in the query).
//!
//! Made by hand around the official signature: a thousand at a time share one derived key, and each
//! costs one canonical request and two hashes.

use std::fmt::Write as _;

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::upload::Part;
use sha2::{Digest as _, Sha256};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::Error;

/// The header that binds a part to its bytes.
pub(crate) const CHECKSUM_HEADER: &str = "x-amz-checksum-sha256";

/// Where clients reach the bucket.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    origin: String,
    host: String,
    /// What stands before the key, with a slash at its end.
    prefix: String,
}

/// Signs URLs of one moment, all good for the same time.
#[derive(Clone)]
pub struct Signer {
    address: Address,
    key: Vec<u8>,
    scope: String,
    stamp: String,
    /// The part of the query that all URLs share, up to the signed headers.
    query: String,
    expires_at: OffsetDateTime,
}

/// Leave to send one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPart {
    /// Which part, and which bytes of the file.
    pub part: Part,
    /// Where to `PUT` them.
    pub url: String,
    /// Headers to send with them, exactly so.
    pub headers: Vec<(&'static str, String)>,
    /// When S3 stops taking them.
    pub expires_at: OffsetDateTime,
}

impl Address {
    pub(crate) fn new(endpoint: Option<&str>, bucket: &str, region: &str) -> Result<Self, Error> {
        let Some(endpoint) = endpoint else {
            let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
            let host = format!("{bucket}.s3.{region}.amazonaws.com{suffix}");
            return Ok(Self {
                origin: format!("https://{host}"),
                host,
                prefix: "/".to_owned(),
            });
        };
        let wrong = || Error::Config("the endpoint is no address");
        let uri: http::Uri = endpoint.parse().map_err(|_| wrong())?;
        let host = uri.authority().ok_or_else(wrong)?.to_string();
        let scheme = uri.scheme_str().ok_or_else(wrong)?;
        Ok(Self {
            origin: format!("{scheme}://{host}"),
            host,
            prefix: format!("{}/{bucket}/", uri.path().trim_end_matches('/')),
        })
    }
}

impl Signer {
    pub(crate) fn new(
        address: &Address,
        credentials: &Credentials,
        region: &str,
        at: OffsetDateTime,
        expires_s: u32,
    ) -> Result<Self, Error> {
        let stamp = at
            .to_offset(UtcOffset::UTC)
            .format(format_description!(
                "[year][month][day]T[hour][minute][second]Z"
            ))
            .map_err(|_| Error::Config("the time cannot be written"))?;
        let day = &stamp[..8];
        let scope = format!("{day}/{region}/s3/aws4_request");
        let key = generate_signing_key(credentials.secret_access_key(), at.into(), region, "s3");
        let mut query = String::from("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
        escape(&mut query, credentials.access_key_id(), false);
        query.push_str("%2F");
        escape(&mut query, &scope, false);
        // Writing to a string cannot fail.
        write!(query, "&X-Amz-Date={stamp}&X-Amz-Expires={expires_s}").unwrap_or_default();
        if let Some(token) = credentials.session_token() {
            query.push_str("&X-Amz-Security-Token=");
            escape(&mut query, token, false);
        }
        query.push_str("&X-Amz-SignedHeaders=");
        Ok(Self {
            address: address.clone(),
            key: key.as_ref().to_vec(),
            scope,
            stamp,
            query,
            expires_at: at + Duration::seconds(i64::from(expires_s)),
        })
    }

    /// When the URLs end.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// Leave to send one part of a multipart upload: exactly its length, and exactly the bytes with
    /// this SHA-256 when one is given.
    #[must_use]
    pub fn part(
        &self,
        key: &str,
        upload_id: &str,
        part: Part,
        sha256: Option<&[u8; 32]>,
    ) -> SignedPart {
        let checksum = sha256.map(|digest| STANDARD.encode(digest));
        let length = part.length;
        let (names, headers) = match &checksum {
            Some(checksum) => (
                "content-length;host;x-amz-checksum-sha256",
                format!(
                    "content-length:{length}\nhost:{}\n{CHECKSUM_HEADER}:{checksum}\n",
                    self.address.host
                ),
            ),
            None => (
                "content-length;host",
                format!("content-length:{length}\nhost:{}\n", self.address.host),
            ),
        };
        let mut own = format!("&partNumber={}&uploadId=", part.number);
        escape(&mut own, upload_id, false);
        SignedPart {
            part,
            url: self.url("PUT", key, names, &headers, &own),
            headers: checksum
                .map(|value| (CHECKSUM_HEADER, value))
                .into_iter()
                .collect(),
            expires_at: self.expires_at,
        }
    }

    /// Leave to read an object, whole or in ranges; S3 answers with these two headers.
    #[must_use]
    pub fn get(&self, key: &str, disposition: &str, content_type: &str) -> String {
        let mut own = String::from("&response-content-disposition=");
        escape(&mut own, disposition, false);
        own.push_str("&response-content-type=");
        escape(&mut own, content_type, false);
        let headers = format!("host:{}\n", self.address.host);
        self.url("GET", key, "host", &headers, &own)
    }

    /// `own` is the URL's own part of the query: it must sort behind `X-Amz-…`, as lower case does.
    fn url(&self, method: &str, key: &str, names: &str, headers: &str, own: &str) -> String {
        let mut path = self.address.prefix.clone();
        escape(&mut path, key, true);
        let mut query = self.query.clone();
        escape(&mut query, names, false);
        query.push_str(own);
        let request = format!("{method}\n{path}\n{query}\n{headers}\n{names}\nUNSIGNED-PAYLOAD");
        let mut text = format!("AWS4-HMAC-SHA256\n{}\n{}\n", self.stamp, self.scope);
        for byte in Sha256::digest(request) {
            write!(text, "{byte:02x}").unwrap_or_default();
        }
        let signature = calculate_signature(&self.key, text.as_bytes());
        format!(
            "{}{path}?{query}&X-Amz-Signature={signature}",
            self.address.origin
        )
    }
}

/// Appends `text` as SigV4 wants it: everything but unreserved characters as `%XX`.
fn escape(out: &mut String, text: &str, keep_slash: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if plain || (keep_slash && byte == b'/') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests;
