//! Signing in to RDS with IAM: the password is a presigned request that is never sent.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use store::Target;
use time::OffsetDateTime;

/// How long RDS takes a token; a connection that stands outlives it.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A password for one connection to `target`, good for 15 minutes from `now`.
///
/// # Errors
/// What the signer says is wrong, in words.
pub(crate) fn rds_token(
    target: &Target,
    region: &str,
    credentials: &Credentials,
    now: OffsetDateTime,
) -> Result<String, String> {
    let identity = credentials.clone().into();
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(LIFETIME);
    settings.signature_location = SignatureLocation::QueryParams;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now.into())
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?;
    let Target { host, port, user } = target;
    let url = format!("https://{host}:{port}/?Action=connect&DBUser={user}");
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &params.into())
        .map_err(|error| error.to_string())?
        .into_parts();
    let query = instructions
        .params()
        .iter()
        .fold(String::new(), |query, (name, value)| {
            let value = percent(value);
            format!("{query}&{name}={value}")
        });
    Ok(format!(
        "{host}:{port}/?Action=connect&DBUser={user}{query}"
    ))
}

/// Percent-encodes all but the unreserved characters.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_role_and_holds_a_signature() {
        let target = Target {
            host: "db.example".into(),
            port: 5432,
            user: "maru_app".into(),
        };
        let credentials = Credentials::new("AKID", "SECRET", Some("a+b/c".into()), None, "test");
        let token = rds_token(
            &target,
            "eu-west-1",
            &credentials,
            OffsetDateTime::UNIX_EPOCH,
        )
        .unwrap();
        assert!(
            token.starts_with("db.example:5432/?Action=connect&DBUser=maru_app&"),
            "{token}"
        );
        assert!(token.contains("X-Amz-Expires=900"));
        assert!(token.contains("X-Amz-Security-Token=a%2Bb%2Fc"));
        assert!(token.contains("X-Amz-Signature="));
    }
}
