//! Multipart uploads.

use super::*;

const SHA256: [(&str, &str); 1] = [("x-amz-checksum-algorithm", "SHA256")];

#[tokio::test]
async fn parts_join_to_an_object_that_survives_a_restart() {
    let mut home = Home::new().await;
    let id = home.create("a/one", &SHA256).await;
    let (first, second) = (bytes(1, MIN), bytes(2, 1_000));
    let parts = [
        home.part("a/one", &id, 1, first.clone()).await,
        home.part("a/one", &id, 2, second.clone()).await,
    ];
    let home2 = home.restart().await;
    home = home2;
    let done = home.complete("a/one", &id, &parts).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.tag("ETag").trim_matches('"').ends_with("-2"));
    let sums = [Sha256::checksum(&first), Sha256::checksum(&second)].concat();
    let composite = format!("{}-2", sha256(&sums));
    assert_eq!(done.tag("ChecksumSHA256"), composite);
    assert_eq!(done.tag("ChecksumType"), "COMPOSITE");

    let event = home.created.recv().await.expect("an event");
    let record = &event["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:CompleteMultipartUpload");
    assert_eq!(record["s3"]["object"]["key"], "a%2Fone");
    assert_eq!(record["s3"]["object"]["size"], MIN + 1_000);

    let again = home.complete("a/one", &id, &parts).await;
    assert_eq!((again.status, again.tag("ETag")), (200, done.tag("ETag")));
    assert!(home.created.try_recv().is_err(), "a repeat is no news");

    let home = home.restart().await;
    let mode = [("x-amz-checksum-mode", "ENABLED")];
    let head = home.call(Method::HEAD, "a/one", &mode, "").await;
    assert_eq!(head.status, 200, "{head:?}");
    assert_eq!(head.header("content-length"), (MIN + 1_000).to_string());
    assert_eq!(head.header("x-amz-checksum-sha256"), composite);
    assert_eq!(head.header("x-amz-checksum-type"), "COMPOSITE");
    let whole = home.call(Method::GET, "a/one", &[], "").await;
    assert_eq!(whole.body, [first, second].concat());

    home.call(Method::DELETE, "a/one", &[], "").await;
    assert_eq!(home.data_files(), 0);
    let late = home.complete("a/one", &id, &parts).await;
    assert_eq!(
        (late.status, late.tag("Code").as_str()),
        (404, "NoSuchUpload")
    );
    home.end().await;
}

#[tokio::test]
async fn a_range_may_cross_parts() {
    let home = Home::new().await;
    let id = home.create("ranged", &SHA256).await;
    let (first, second) = (bytes(3, MIN), bytes(9, 4_000));
    let parts = [
        home.part("ranged", &id, 1, first.clone()).await,
        home.part("ranged", &id, 7, second.clone()).await,
    ];
    assert_eq!(home.complete("ranged", &id, &parts).await.status, 200);
    let whole = [first, second.clone()].concat();
    for (range, expected) in [
        (
            format!("bytes={}-{}", MIN - 10, MIN + 9),
            MIN - 10..MIN + 10,
        ),
        (format!("bytes={}-", MIN + 1), MIN + 1..whole.len()),
        ("bytes=-5".to_owned(), whole.len() - 5..whole.len()),
        ("bytes=0-0".to_owned(), 0..1),
    ] {
        let got = home
            .call(Method::GET, "ranged", &[("range", &range)], "")
            .await;
        assert_eq!(got.status, 206);
        let header = format!(
            "bytes {}-{}/{}",
            expected.start,
            expected.end - 1,
            whole.len()
        );
        assert_eq!(got.header("content-range"), header);
        assert_eq!(got.body, whole[expected]);
    }
    let beyond = home
        .call(Method::GET, "ranged", &[("range", "bytes=99999999-")], "")
        .await;
    assert_eq!(
        (beyond.status, beyond.tag("Code").as_str()),
        (416, "InvalidRange")
    );
    let seventh = home.call(Method::GET, "ranged?partNumber=7", &[], "").await;
    assert_eq!(seventh.body, second);
    assert_eq!(seventh.header("x-amz-mp-parts-count"), "2");
    home.end().await;
}

#[tokio::test]
async fn wrong_checksums_are_refused_and_leave_nothing() {
    let home = Home::new().await;
    let id = home.create("bad", &SHA256).await;
    let path = format!("bad?partNumber=1&uploadId={id}");
    let wrong = sha256(b"other");
    for (headers, code) in [
        (vec![("x-amz-checksum-sha256", wrong.as_str())], "BadDigest"),
        (vec![("x-amz-checksum-sha256", "AAAA")], "InvalidRequest"),
        (
            vec![("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")],
            "InvalidRequest",
        ),
        (
            vec![
                ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="),
                ("x-amz-checksum-sha256", &sha256(b"this")),
            ],
            "BadDigest",
        ),
        (vec![], "InvalidRequest"),
    ] {
        let put = home.call(Method::PUT, &path, &headers, "this").await;
        assert_eq!(
            (put.status, put.tag("Code").as_str()),
            (400, code),
            "{}",
            put.text()
        );
    }
    assert_eq!(home.data_files(), 0);
    let parts = home
        .call(Method::GET, &format!("bad?uploadId={id}"), &[], "")
        .await;
    assert_eq!(parts.tag("Part"), "");
    home.end().await;
}

#[tokio::test]
async fn parts_are_listed_a_thousand_a_page() {
    let home = Home::new().await;
    let id = home.create("many", &SHA256).await;
    for number in 1..=1_001 {
        home.part("many", &id, number, vec![number as u8]).await;
    }
    let first = home
        .call(Method::GET, &format!("many?uploadId={id}"), &[], "")
        .await;
    assert_eq!(first.text().matches("<Part>").count(), 1_000);
    assert_eq!(first.tag("IsTruncated"), "true");
    assert_eq!(first.tag("NextPartNumberMarker"), "1000");
    let path = format!("many?uploadId={id}&part-number-marker=1000");
    let second = home.call(Method::GET, &path, &[], "").await;
    assert_eq!(second.text().matches("<Part>").count(), 1);
    assert_eq!(second.tag("IsTruncated"), "false");
    assert_eq!(second.tag("PartNumber"), "1001");
    assert_eq!(second.tag("Size"), "1");
    assert_eq!(second.tag("ChecksumSHA256"), sha256(&[1_001_usize as u8]));
    assert_eq!(
        home.call(Method::DELETE, &format!("many?uploadId={id}"), &[], "")
            .await
            .status,
        204
    );
    assert_eq!(home.data_files(), 0);
    home.end().await;
}

#[tokio::test]
async fn completing_verifies_what_is_listed() {
    let home = Home::new().await;
    let id = home.create("strict", &SHA256).await;
    let small = home.part("strict", &id, 1, bytes(1, 10)).await;
    let last = home.part("strict", &id, 2, bytes(2, 10)).await;
    let missing = small.replace("<PartNumber>1<", "<PartNumber>3<");
    let foreign = last.replace("<PartNumber>2<", "<PartNumber>1<");
    let unsummed = small
        .split("<ChecksumSHA256>")
        .next()
        .unwrap_or_default()
        .to_owned()
        + "</Part>";
    for (parts, code) in [
        (vec![], "MalformedXML"),
        (vec![last.clone(), small.clone()], "InvalidPartOrder"),
        (vec![small.clone(), missing], "InvalidPart"),
        (vec![foreign, last.clone()], "InvalidPart"),
        (vec![unsummed], "InvalidRequest"),
        (vec![small.clone(), last.clone()], "EntityTooSmall"),
    ] {
        let done = home.complete("strict", &id, &parts).await;
        assert_eq!(
            (done.status, done.tag("Code").as_str()),
            (400, code),
            "{}",
            done.text()
        );
    }
    let path = format!("strict?uploadId={id}");
    let body = list(std::slice::from_ref(&last));
    let size = [("x-amz-mp-object-size", "11")];
    let wrong = home.call(Method::POST, &path, &size, body.clone()).await;
    assert_eq!(
        (wrong.status, wrong.tag("Code").as_str()),
        (400, "InvalidRequest")
    );
    let size = [("x-amz-mp-object-size", "10")];
    let right = home.call(Method::POST, &path, &size, body).await;
    assert_eq!(right.status, 200, "{}", right.text());
    // The part that was not listed is gone with the upload.
    assert_eq!(home.data_files(), 1);
    home.end().await;
}

#[tokio::test]
async fn crc64nvme_is_of_all_bytes_and_asks_nothing_of_parts() {
    let home = Home::new().await;
    let id = home
        .create("crc", &[("x-amz-checksum-algorithm", "CRC64NVME")])
        .await;
    let mut parts = Vec::new();
    let pieces = [bytes(1, MIN), bytes(2, 77)];
    for (index, piece) in pieces.iter().enumerate() {
        let number = index + 1;
        let path = format!("crc?partNumber={number}&uploadId={id}");
        let put = home.call(Method::PUT, &path, &[], piece.clone()).await;
        let etag = put.header("etag");
        parts.push(format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        ));
    }
    let done = home.complete("crc", &id, &parts).await;
    let whole = s3s::crypto::Crc64Nvme::checksum(&pieces.concat());
    assert_eq!(done.tag("ChecksumCRC64NVME"), STANDARD.encode(whole));
    assert_eq!(done.tag("ChecksumType"), "FULL_OBJECT");
    home.end().await;
}

#[tokio::test]
async fn an_empty_file_is_one_empty_part() {
    let home = Home::new().await;
    let id = home.create("empty", &SHA256).await;
    let part = home.part("empty", &id, 1, Vec::new()).await;
    let done = home.complete("empty", &id, &[part]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let got = home.call(Method::GET, "empty", &[], "").await;
    assert_eq!((got.status, got.body.len()), (200, 0));
    assert_eq!(got.header("content-length"), "0");
    home.end().await;
}

#[tokio::test]
async fn a_part_may_be_sent_again_and_uploads_are_listed() {
    let home = Home::new().await;
    let id = home.create("again", &SHA256).await;
    home.part("again", &id, 1, bytes(1, 10)).await;
    let part = home.part("again", &id, 1, bytes(2, 12)).await;
    assert_eq!(home.data_files(), 1);
    let listed = home.call(Method::GET, "?uploads", &[], "").await;
    assert_eq!(
        (listed.tag("Key").as_str(), listed.tag("UploadId")),
        ("again", id.clone())
    );
    home.complete("again", &id, &[part]).await;
    let got = home.call(Method::GET, "again", &[], "").await;
    assert_eq!(got.body, bytes(2, 12));
    let listed = home.call(Method::GET, "?uploads", &[], "").await;
    assert_eq!(listed.tag("UploadId"), "");
    home.end().await;
}
