//! The store as our own functions use it: through the AWS SDK.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use domain::upload::{Checksum, plan};
use files::{Error, Files, composite};
use serde_json::json;
use time::OffsetDateTime;

use super::*;

/// A little more than one part of the plan.
const SIZE: usize = 16 * 1024 * 1024 + 321;

fn files(home: &Home) -> Files {
    let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(home.s3.url())
        .build();
    Files::new(&config, "files").expect("a client")
}

/// Starts an upload and sends every part that the plan has.
async fn send_all(
    home: &Home,
    files: &Files,
    key: &str,
    content: &[u8],
    checksum: Checksum,
) -> String {
    let plan = plan(content.len() as u64).expect("a plan");
    let id = files
        .create_multipart(key, "text/plain", checksum)
        .await
        .expect("an upload");
    let signer = files
        .signer(OffsetDateTime::now_utc(), 300)
        .await
        .expect("a signer");
    for part in plan.parts() {
        let from = usize::try_from(part.offset).expect("small");
        let bytes = &content[from..from + usize::try_from(part.length).expect("small")];
        let digest: [u8; 32] = Sha256::checksum(bytes);
        let wanted = matches!(checksum, Checksum::Sha256).then_some(&digest);
        let signed = signer.part(key, &id, part, wanted);
        let length = part.length.to_string();
        let mut headers: Vec<(&str, &str)> = signed
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        // The length is signed, and this client says nothing of an empty body by itself.
        headers.push(("content-length", &length));
        let put = home
            .send(Method::PUT, &signed.url, &headers, bytes.to_vec())
            .await;
        let put = put.expect("an answer");
        assert_eq!(put.status, 200, "{}", put.text());
    }
    id
}

#[tokio::test]
async fn the_sdk_uploads_looks_reads_and_deletes() {
    let home = Home::new().await;
    let files = files(&home);
    files.ping().await.expect("the bucket is there");
    let content = bytes(7, SIZE);
    let plan = plan(SIZE as u64).expect("a plan");
    let id = send_all(&home, &files, "c/one", &content, Checksum::Sha256).await;
    let parts = files.list_parts("c/one", &id).await.expect("parts");
    assert_eq!(parts.len(), 2);
    files
        .complete("c/one", &id, &plan, &parts)
        .await
        .expect("an object");
    let object = files
        .head("c/one")
        .await
        .expect("an answer")
        .expect("an object");
    assert_eq!(object.size, SIZE as u64);
    assert_eq!(object.sha256, composite(&parts));
    let first = files.first_bytes("c/one", 4_096).await.expect("an answer");
    assert_eq!(first.as_deref(), Some(&content[..4_096]));

    let signer = files
        .signer(OffsetDateTime::now_utc(), 300)
        .await
        .expect("a signer");
    let name = files::content_disposition(files::Disposition::Attachment, "보고서.txt");
    let url = signer.get("c/one", &name, "text/plain");
    let got = home
        .send(
            Method::GET,
            &url,
            &[("range", "bytes=16777210-16777219")],
            "",
        )
        .await;
    let got = got.expect("an answer");
    assert_eq!(
        (got.status, got.body.as_slice()),
        (206, &content[16_777_210..16_777_220])
    );
    assert_eq!(got.header("content-disposition"), name);

    files.delete("c/one").await.expect("deleted");
    assert_eq!(files.head("c/one").await.expect("an answer"), None);
    home.end().await;
}

#[tokio::test]
async fn the_sdk_sees_failures_as_they_are() {
    let home = Home::new().await;
    let files = files(&home);
    let content = bytes(3, SIZE);
    let plan = plan(SIZE as u64).expect("a plan");
    let id = send_all(&home, &files, "c/two", &content, Checksum::None).await;
    let parts = files.list_parts("c/two", &id).await.expect("parts");
    let fault = json!({"target": "s3", "operation": "CompleteMultipartUpload", "effect": "error_200", "count": 1});
    home.faults
        .add(serde_json::from_value(fault).expect("a rule"));
    let lied = files.complete("c/two", &id, &plan, &parts).await;
    assert!(lied.is_err(), "a 200 with an error in it is an error");
    files
        .complete("c/two", &id, &plan, &parts)
        .await
        .expect("an object");
    let object = files
        .head("c/two")
        .await
        .expect("an answer")
        .expect("an object");
    let whole = s3s::crypto::Crc64Nvme::checksum(&content);
    assert_eq!(object.crc64, Some(STANDARD.encode(whole)));

    let id = send_all(&home, &files, "c/three", b"", Checksum::Sha256).await;
    files.abort("c/three", &id).await.expect("aborted");
    let listed = files.list_parts("c/three", &id).await;
    assert!(matches!(listed, Err(Error::NoSuchUpload)), "{listed:?}");
    home.end().await;
}
