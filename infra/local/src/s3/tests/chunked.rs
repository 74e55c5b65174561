//! Bodies as the SDKs send them by default: in chunks, with the checksum behind them.

use s3s::crypto::Crc32;

use super::*;

/// Puts "hello" with this checksum in the trailer, signed in the headers.
async fn put(home: &Home, checksum: &str) -> Answer {
    let url = format!("{}/files/chunked", home.s3.url());
    let headers = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = Credentials::new("AKID", "secret", None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("ap-northeast-2")
        .name("s3")
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .expect("complete")
        .into();
    let body = SignableBody::StreamingUnsignedPayloadTrailer;
    let request = SignableRequest::new("PUT", &url, headers.into_iter(), body).expect("signable");
    let signed = sign(request, &parameters).expect("signed").into_parts().0;
    let body = format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n");
    let mut request = home.http.put(&url).body(body);
    for (name, value) in headers.into_iter().chain(signed.headers()) {
        request = request.header(name, value);
    }
    let response = request.send().await.expect("an answer");
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.bytes().await.expect("a body").to_vec(),
    }
}

#[tokio::test]
async fn a_checksum_behind_the_bytes_counts_too() {
    let home = Home::new().await;
    let right = STANDARD.encode(Crc32::checksum(b"hello"));
    let good = put(&home, &right).await;
    assert_eq!(good.status, 200, "{}", good.text());
    assert_eq!(good.header("x-amz-checksum-crc32"), right);
    let got = home.call(Method::GET, "chunked", &[], "").await;
    assert_eq!(got.text(), "hello");
    assert_eq!(got.header("content-encoding"), "");
    let bad = put(&home, "AAAAAA==").await;
    assert_eq!((bad.status, bad.tag("Code").as_str()), (400, "BadDigest"));
    home.end().await;
}
