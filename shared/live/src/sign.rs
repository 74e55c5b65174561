//! Signature version 4 for short requests, by hand: the key is made once a day, the body is hashed
//! once for all its receivers, and what is left per request is one canonical text and two digests.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_types::SdkConfig;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::Error;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]");
const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Signs requests to one AWS service.
pub(crate) struct Signer {
    aws: SdkConfig,
    region: String,
    service: &'static str,
    key: Mutex<Option<Arc<Key>>>,
}

/// The day's key.
struct Key {
    date: String,
    access_key: String,
    token: Option<String>,
    secret: Vec<u8>,
}

/// What a set of requests sent at the same second share.
pub(crate) struct Moment {
    key: Arc<Key>,
    stamp: String,
    scope: String,
}

/// The headers that make a request a signed one.
pub(crate) struct Signed<'a> {
    pub(crate) date: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) authorization: String,
}

impl Signer {
    pub(crate) fn new(aws: &SdkConfig, service: &'static str) -> Self {
        Self {
            aws: aws.clone(),
            region: aws
                .region()
                .map(|region| region.as_ref().to_owned())
                .unwrap_or_default(),
            service,
            key: Mutex::default(),
        }
    }

    /// The region that requests are signed for.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Gets ready to sign at `now`.
    pub(crate) async fn moment(&self, now: OffsetDateTime) -> Result<Moment, Error> {
        let date = format(now, DATE)?;
        let credentials = self
            .aws
            .credentials_provider()
            .ok_or(Error::Setting("AWS_ACCESS_KEY_ID"))?
            .provide_credentials()
            .await
            .map_err(|error| Error::Call(self.service, error.into()))?;
        Ok(Moment {
            key: self.key(&date, &credentials, now),
            stamp: format(now, STAMP)?,
            scope: format!("{date}/{}/{}/aws4_request", self.region, self.service),
        })
    }

    fn key(&self, date: &str, credentials: &Credentials, now: OffsetDateTime) -> Arc<Key> {
        let mut slot = match self.key.lock() {
            Ok(slot) => slot,
            Err(poisoned) => poisoned.into_inner(),
        };
        if let Some(key) = slot.as_ref()
            && key.date == date
            && key.access_key == credentials.access_key_id()
            && key.token.as_deref() == credentials.session_token()
        {
            return Arc::clone(key);
        }
        let key = Arc::new(Key {
            date: date.to_owned(),
            access_key: credentials.access_key_id().to_owned(),
            token: credentials.session_token().map(str::to_owned),
            secret: generate_signing_key(
                credentials.secret_access_key(),
                SystemTime::from(now),
                &self.region,
                self.service,
            )
            .as_ref()
            .to_vec(),
        });
        *slot = Some(Arc::clone(&key));
        key
    }
}

impl Moment {
    /// Signs `method path` to `host` with a body of the given hash. `path` is as it is sent:
    /// already encoded once.
    pub(crate) fn sign(&self, method: &str, host: &str, path: &str, body_hash: &str) -> Signed<'_> {
        let token = self.key.token.as_deref();
        let mut canonical = String::with_capacity(512 + token.map_or(0, str::len));
        canonical.push_str(method);
        canonical.push('\n');
        encode_path(path, &mut canonical);
        canonical.push_str("\n\nhost:");
        canonical.push_str(host);
        canonical.push_str("\nx-amz-date:");
        canonical.push_str(&self.stamp);
        if let Some(token) = token {
            canonical.push_str("\nx-amz-security-token:");
            canonical.push_str(token);
        }
        let names = if token.is_some() {
            "host;x-amz-date;x-amz-security-token"
        } else {
            "host;x-amz-date"
        };
        canonical.push_str("\n\n");
        canonical.push_str(names);
        canonical.push('\n');
        canonical.push_str(body_hash);

        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.stamp,
            self.scope,
            hash(canonical.as_bytes())
        );
        let signature = calculate_signature(&self.key.secret, text.as_bytes());
        Signed {
            date: &self.stamp,
            token,
            authorization: format!(
                "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}",
                self.key.access_key, self.scope
            ),
        }
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut text = String::with_capacity(64);
    for byte in digest {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

/// Percent-encodes everything but unreserved characters, `/` too.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        push_encoded(byte, &mut encoded);
    }
    encoded
}

/// The canonical form of a path that is already encoded: each segment encoded once more.
fn encode_path(path: &str, to: &mut String) {
    for byte in path.bytes() {
        if byte == b'/' {
            to.push('/');
        } else {
            push_encoded(byte, to);
        }
    }
}

fn push_encoded(byte: u8, to: &mut String) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        to.push(char::from(byte));
    } else {
        to.push('%');
        to.push(char::from(HEX[usize::from(byte >> 4)].to_ascii_uppercase()));
        to.push(char::from(HEX[usize::from(byte & 15)].to_ascii_uppercase()));
    }
}

fn format(now: OffsetDateTime, how: &[BorrowedFormatItem<'_>]) -> Result<String, Error> {
    now.to_offset(time::UtcOffset::UTC)
        .format(how)
        .map_err(|_| Error::Setting("clock"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use aws_types::region::Region;

    use super::*;

    /// The official signer must come to the same signature, connection ids that need encoding included.
    #[tokio::test]
    async fn signs_as_the_official_signer_does() {
        let credentials = Credentials::new("AKID", "secret", Some("to/ken+=".into()), None, "test");
        let aws = SdkConfig::builder()
            .region(Region::new("eu-north-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .build();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let body = b"{\"events\":[]}";
        let path = format!("/live/@connections/{}", encode("L0SM9cOFvHcCIhw="));

        let signer = Signer::new(&aws, "execute-api");
        let moment = signer.moment(now).await.unwrap();
        let ours = moment.sign("POST", "api.example.com", &path, &hash(body));

        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-north-1")
            .name("execute-api")
            .time(SystemTime::from(now))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let address = format!("https://api.example.com{path}");
        let request = SignableRequest::new(
            "POST",
            &address,
            std::iter::empty(),
            SignableBody::Bytes(body),
        )
        .unwrap();
        let (theirs, _) = sign(request, &params).unwrap().into_parts();
        let authorization = theirs
            .headers()
            .find(|(name, _)| *name == "authorization")
            .unwrap()
            .1;
        assert_eq!(ours.authorization, authorization);
    }
}
