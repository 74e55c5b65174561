//! R-F2: downloads with any name, in ranges, shown only where that is safe.

use serde_json::json;
use support::sender::{Sender, bytes, start, upload};

use super::{client, desk};

#[tokio::test]
async fn r_f2_names_come_back_as_they_were_meant() {
    let desk = desk().await;
    for (n, (given, kept)) in [
        (
            "\u{1112}\u{116c}\u{110b}\u{1174}\u{1105}\u{1169}\u{11a8}.pdf",
            "회의록.pdf",
        ),
        ("👨‍👩‍👧 가족 \"사진\".jpg", "👨‍👩‍👧 가족 \"사진\".jpg"),
        ("50% off; it's 'ours'.txt", "50% off; it's 'ours'.txt"),
        ("evil\u{202e}gpj.txt", "evilgpj.txt"),
    ]
    .into_iter()
    .enumerate()
    {
        let file = upload(&desk.person, &desk.room, given, bytes(10, n as u64)).await;
        assert_eq!(file["name"], kept);
        let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
        let view = desk.person.get(&path).await.ok();
        let url = view["url"].as_str().expect("a URL");
        let answer = client().get(url).send().await.expect("S3 answers");
        assert!(answer.status().is_success());
        let header = answer.headers()["content-disposition"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        assert_eq!(
            header,
            files::content_disposition(files::Disposition::Attachment, kept)
        );
    }
    for bad in ["a/b.txt", "..", "", "\u{202e}"] {
        let answer = desk
            .person
            .post("/v1/uploads", start(&desk.room, bad, 1, "none"))
            .await;
        assert_eq!(
            answer.fields(),
            [("name".to_owned(), "bad_name".to_owned())],
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn r_f2_ranges_and_redirects() {
    let desk = desk().await;
    let content = bytes(100_000, 1);
    let file = upload(&desk.person, &desk.room, "a.bin", content.clone()).await;
    let path = format!(
        "/v1/files/{}/download?redirect=true",
        file["id"].as_str().expect("an id")
    );
    let redirect = client()
        .get(format!("{}{path}", desk.stack.rest))
        .bearer_auth(&desk.person.access_token)
        .send()
        .await
        .expect("the API answers");
    assert_eq!(redirect.status(), 302);
    let place = redirect.headers()["location"].to_str().expect("ASCII");
    let answer = client()
        .get(place)
        .header("range", "bytes=1000-1999")
        .send()
        .await
        .expect("S3 answers");
    assert_eq!(answer.status(), 206);
    assert_eq!(answer.headers()["content-range"], "bytes 1000-1999/100000");
    assert_eq!(
        answer.bytes().await.expect("a body"),
        content.slice(1_000..2_000)
    );
}

#[tokio::test]
async fn r_f2_only_safe_types_are_shown_in_place() {
    let desk = desk().await;
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(bytes(100, 1));
    for (name, content_type, shown) in [
        ("a.png", "image/png", "inline"),
        ("a.html", "text/html", "attachment"),
        ("a.svg", "image/svg+xml", "attachment"),
    ] {
        let mut body = start(&desk.room, name, png.len() as u64, "none");
        body["content_type"] = json!(content_type);
        let started = desk.person.post("/v1/uploads", body).await.ok();
        let sender = Sender::resume(&started["upload"], png.clone().into());
        sender.send_all(&desk.person).await;
        let file = sender.complete(&desk.person).await.ok();
        let path = format!(
            "/v1/files/{}/download?inline=true",
            file["id"].as_str().expect("an id")
        );
        let view = desk.person.get(&path).await.ok();
        let answer = client()
            .get(view["url"].as_str().expect("a URL"))
            .send()
            .await
            .expect("S3 answers");
        let header = answer.headers()["content-disposition"]
            .to_str()
            .expect("ASCII");
        assert!(header.starts_with(shown), "{name}: {header}");
        assert_eq!(answer.headers()["content-type"], content_type);
    }
}

#[tokio::test]
async fn r_f2_a_url_ends_when_it_was_said_to() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    let view = desk
        .person
        .get(&format!("{path}?expires_in_s=60"))
        .await
        .ok();
    assert!(
        view["url"]
            .as_str()
            .expect("a URL")
            .contains("X-Amz-Expires=60&")
    );
    for bad in [59, 86_401] {
        let answer = desk.person.get(&format!("{path}?expires_in_s={bad}")).await;
        assert_eq!(
            answer.fields(),
            [("expires_in_s".to_owned(), "out_of_range".to_owned())]
        );
    }
}

#[tokio::test]
async fn r_a9_every_download_is_in_the_audit_log() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    for _ in 0..3 {
        drop(desk.person.get(&path).await.ok());
    }
    let actions = desk.audited().await;
    let count = |name: &str| actions.iter().filter(|action| *action == name).count();
    assert_eq!(count("file.downloaded"), 3);
    for step in ["upload.begun", "upload.joined", "upload.completed"] {
        assert_eq!(count(step), 1, "{step}");
    }
}
