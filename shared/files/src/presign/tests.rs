//! Signatures against the documentation's example and the SDK's own.

use std::collections::BTreeSet;

use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::presigning::PresigningConfig;
use time::macros::datetime;

use super::*;

fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        token.map(str::to_owned),
        None,
        "test",
    )
}

fn signer(endpoint: Option<&str>, token: Option<&str>) -> Signer {
    let address = Address::new(endpoint, "examplebucket", "us-east-1").unwrap();
    let at = datetime!(2013-05-24 00:00 UTC);
    Signer::new(&address, &credentials(token), "us-east-1", at, 3_600).unwrap()
}

/// The SDK's own presigner is the reference.
#[tokio::test]
async fn equal_to_the_sdk() {
    // The SDK adds `x-id`, which changes the signature: all but that is compared.
    let parts = |url: &str| -> BTreeSet<String> {
        url.split(['?', '&'])
            .filter(|part| !part.starts_with("x-id=") && !part.starts_with("X-Amz-Signature="))
            .map(str::to_owned)
            .collect()
    };
    for token in [None, Some("a/+=token")] {
        let ours = signer(Some("http://127.0.0.1:9000"), token).get("c/a b", NAME, TYPE);
        assert_eq!(parts(&by_the_sdk(token).await), parts(&ours));
    }
}

const NAME: &str = "attachment; filename*=UTF-8''%ED";
const TYPE: &str = "text/plain; charset=utf-8";

async fn by_the_sdk(token: Option<&str>) -> String {
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials(token))
        .endpoint_url("http://127.0.0.1:9000")
        .force_path_style(true)
        .build();
    let times = PresigningConfig::builder()
        .start_time(datetime!(2013-05-24 00:00 UTC).into())
        .expires_in(std::time::Duration::from_secs(3_600))
        .build();
    let signed = aws_sdk_s3::Client::from_conf(settings)
        .get_object()
        .bucket("examplebucket")
        .key("c/a b")
        .response_content_disposition(NAME)
        .response_content_type(TYPE)
        .presigned(times.unwrap())
        .await;
    signed.unwrap().uri().to_owned()
}

/// The example of the S3 documentation: the same request, signed in the query.
#[test]
fn equal_to_the_documented_example() {
    let mut signer = signer(None, None);
    signer.address.host = "examplebucket.s3.amazonaws.com".into();
    signer.query = signer
        .query
        .replace("X-Amz-Expires=3600", "X-Amz-Expires=86400");
    let url = signer.url(
        "GET",
        "test.txt",
        "host",
        "host:examplebucket.s3.amazonaws.com\n",
        "",
    );
    assert!(
        url.ends_with(
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        ),
        "{url}"
    );
}

#[test]
fn r_u5_length_and_checksum_are_signed() {
    let part = Part {
        number: 7,
        offset: 0,
        length: 16,
    };
    let signed =
        signer(Some("http://127.0.0.1:9000"), None).part("c/b", "up+id", part, Some(&[1; 32]));
    assert!(
        signed
            .url
            .starts_with("http://127.0.0.1:9000/examplebucket/c/b?")
    );
    assert!(signed.url.contains("&X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256&partNumber=7&uploadId=up%2Bid&X-Amz-Signature="));
    assert_eq!(
        signed.headers,
        [(CHECKSUM_HEADER, STANDARD.encode([1; 32]))]
    );
    let other =
        signer(Some("http://127.0.0.1:9000"), None).part("c/b", "up+id", part, Some(&[2; 32]));
    assert_ne!(signed.url, other.url);
}
