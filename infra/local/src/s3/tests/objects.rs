//! Whole objects, listings and tags.

use super::*;

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let mut home = Home::new().await;
    let headers = [
        ("content-type", "text/plain"),
        ("x-amz-meta-colour", "blue"),
        ("x-amz-tagging", "class=cold&kind=note%20book"),
    ];
    let put = home
        .call(Method::PUT, "folder/note%201.txt", &headers, "hello")
        .await;
    assert_eq!(put.status, 200, "{}", put.text());
    let event = home.created.recv().await.expect("an event");
    assert_eq!(event["Records"][0]["eventName"], "ObjectCreated:Put");
    assert_eq!(
        event["Records"][0]["s3"]["object"]["key"],
        "folder%2Fnote+1.txt"
    );

    let home = home.restart().await;
    let got = home.call(Method::GET, "folder/note%201.txt", &[], "").await;
    assert_eq!((got.status, got.text().as_str()), (200, "hello"));
    assert_eq!(got.header("content-type"), "text/plain");
    assert_eq!(got.header("x-amz-meta-colour"), "blue");
    assert_eq!(got.header("etag"), put.header("etag"));
    assert_eq!(got.header("x-amz-tagging-count"), "2");
    let tags = home
        .call(Method::GET, "folder/note%201.txt?tagging", &[], "")
        .await;
    assert!(
        tags.text().contains("<Value>note book</Value>"),
        "{}",
        tags.text()
    );

    let path =
        "folder/note%201.txt?response-content-disposition=attachment&response-content-type=a%2Fb";
    let named = home.call(Method::GET, path, &[], "").await;
    assert_eq!(named.header("content-disposition"), "attachment");
    assert_eq!(named.header("content-type"), "a/b");

    home.end().await;
}

#[tokio::test]
async fn conditions_are_kept() {
    let home = Home::new().await;
    let put = home.call(Method::PUT, "note", &[], "hello").await;
    let etag = put.header("etag");
    for (method, condition, status) in [
        (Method::GET, ("if-none-match", etag.as_str()), 304),
        (Method::GET, ("if-match", etag.as_str()), 200),
        (Method::GET, ("if-match", "\"x\""), 412),
        (Method::PUT, ("if-none-match", "*"), 412),
    ] {
        let answer = home.call(method, "note", &[condition], "").await;
        assert_eq!(answer.status, status, "{condition:?}");
    }
    home.end().await;
}

#[tokio::test]
async fn tags_can_be_replaced_and_removed() {
    let home = Home::new().await;
    home.call(Method::PUT, "tagged", &[], "x").await;
    let set =
        "<Tagging><TagSet><Tag><Key>state</Key><Value>deleted</Value></Tag></TagSet></Tagging>";
    let put = home.call(Method::PUT, "tagged?tagging", &[], set).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let home = home.restart().await;
    let got = home.call(Method::GET, "tagged?tagging", &[], "").await;
    assert_eq!(
        (got.tag("Key").as_str(), got.tag("Value").as_str()),
        ("state", "deleted")
    );
    assert_eq!(
        home.call(Method::DELETE, "tagged?tagging", &[], "")
            .await
            .status,
        204
    );
    let none = home.call(Method::GET, "tagged?tagging", &[], "").await;
    assert_eq!(none.tag("Key"), "");
    home.end().await;
}

#[tokio::test]
async fn objects_are_listed_by_prefix_page_and_group() {
    let home = Home::new().await;
    for key in ["a/1", "a/2", "b", "c/1", "c/2", "d"] {
        home.call(Method::PUT, key, &[], key).await;
    }
    let all = home.call(Method::GET, "?list-type=2", &[], "").await;
    assert_eq!(all.text().matches("<Contents>").count(), 6);
    let some = home
        .call(Method::GET, "?list-type=2&prefix=a%2F", &[], "")
        .await;
    assert_eq!(some.text().matches("<Contents>").count(), 2);
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("?list-type=2&delimiter=%2F&max-keys=1{token}");
        let page = home.call(Method::GET, &path, &[], "").await;
        let prefix = page.tag("CommonPrefixes><Prefix");
        seen.push(if prefix.is_empty() {
            page.tag("Key")
        } else {
            prefix
        });
        if page.tag("IsTruncated") == "false" {
            break;
        }
        token = format!("&continuation-token={}", page.tag("NextContinuationToken"));
    }
    assert_eq!(seen, ["a/", "b", "c/", "d"]);

    let delete =
        "<Delete><Object><Key>a/1</Key></Object><Object><Key>nothing</Key></Object></Delete>";
    let gone = home.call(Method::POST, "?delete", &[], delete).await;
    assert_eq!(
        gone.text().matches("<Deleted>").count(),
        2,
        "{}",
        gone.text()
    );
    let missing = home.call(Method::GET, "a/1", &[], "").await;
    assert_eq!(
        (missing.status, missing.tag("Code").as_str()),
        (404, "NoSuchKey")
    );
    home.end().await;
}

#[tokio::test]
async fn a_reader_keeps_what_it_reads_while_it_is_replaced() {
    let home = Home::new().await;
    let old = bytes(5, 24 * 1024 * 1024);
    home.call(Method::PUT, "busy", &[], old.clone()).await;
    let url = home.presign(&Method::GET, "busy", &Signing::default());
    let mut reading = home.http.get(&url).send().await.expect("an answer");
    let mut read = reading
        .chunk()
        .await
        .expect("bytes")
        .expect("bytes")
        .to_vec();
    home.call(Method::PUT, "busy", &[], "new").await;
    while let Some(chunk) = reading.chunk().await.expect("bytes") {
        read.extend_from_slice(&chunk);
    }
    assert!(read == old);
    let now = home.call(Method::GET, "busy", &[], "").await;
    assert_eq!(now.text(), "new");
    home.end().await;
}
