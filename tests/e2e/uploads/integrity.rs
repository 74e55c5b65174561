//! R-U5: S3 takes exactly the bytes that were signed for, and nothing becomes a file before the whole is verified.

use bytes::Bytes;
use serde_json::json;
use support::sender::{Sender, bytes};

use super::{MIB, desk};

#[tokio::test]
async fn r_u5_other_bytes_are_refused_by_s3() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(MIB, 1)).await;
    let signed = sender.sign(&desk.person, &[1]).await.ok()[0].clone();
    let (status, said) = sender.put(&signed, bytes(MIB, 2)).await;
    assert_eq!(status, 400, "{said}");
    assert!(said.contains("BadDigest"), "{said}");
    assert_eq!(
        sender.see(&desk.person).await["missing"],
        json!([{"from": 1, "to": 1}])
    );
    let (status, _) = sender.put(&signed, sender.part(1)).await;
    assert!(status.is_success());
}

#[tokio::test]
async fn r_u5_another_length_is_refused_by_s3() {
    let desk = desk().await;
    for checksum in ["sha256", "none"] {
        let sender =
            Sender::begin_as(&desk.person, &desk.room, "a.bin", bytes(MIB, 1), checksum).await;
        let signed = sender.sign(&desk.person, &[1]).await.ok()[0].clone();
        for length in [0, MIB - 1, MIB + 1] {
            let (status, said) = sender.put(&signed, bytes(length, 1)).await;
            assert_eq!(status, 403, "{length}: {said}");
        }
    }
}

#[tokio::test]
async fn r_u5_a_signed_checksum_cannot_be_left_out_or_changed() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(MIB, 1)).await;
    let signed = sender.sign(&desk.person, &[1]).await.ok()[0].clone();
    let mut without = signed.clone();
    without["headers"] = json!({});
    let (status, said) = sender.put(&without, sender.part(1)).await;
    assert_eq!(status, 403, "{said}");
    let other = Sender::resume(&sender.see(&desk.person).await, bytes(MIB, 2));
    let mut changed = signed;
    changed["headers"]["x-amz-checksum-sha256"] = json!(other.checksum(1));
    let (status, said) = sender.put(&changed, other.part(1)).await;
    assert_eq!(status, 403, "{said}");
}

#[tokio::test]
async fn r_u5_a_url_is_good_for_its_own_part_only() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(33 * MIB, 1)).await;
    let mut signed = sender.sign(&desk.person, &[1]).await.ok()[0].clone();
    let url = signed["url"]
        .as_str()
        .expect("a URL")
        .replace("partNumber=1", "partNumber=2");
    signed["url"] = json!(url);
    let (status, said) = sender.put(&signed, sender.part(1)).await;
    assert_eq!(status, 403, "{said}");
    let other = Sender::begin(&desk.person, &desk.room, "b.bin", bytes(33 * MIB, 2)).await;
    let theirs = other.sign(&desk.person, &[1]).await.ok()[0]["url"]
        .as_str()
        .expect("a URL")
        .to_owned();
    let id = |url: &str| {
        url.split("uploadId=")
            .nth(1)
            .and_then(|rest| rest.split('&').next())
            .map(str::to_owned)
    };
    let url = signed["url"]
        .as_str()
        .expect("a URL")
        .replace("partNumber=2", "partNumber=1");
    let swapped = url.replace(&id(&url).expect("an id"), &id(&theirs).expect("an id"));
    signed["url"] = json!(swapped);
    let (status, said) = sender.put(&signed, sender.part(1)).await;
    assert_eq!(status, 403, "{said}");
}

#[tokio::test]
async fn r_u5_parts_that_the_plan_does_not_have_are_not_signed() {
    let desk = desk().await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(33 * MIB, 1)).await;
    let path = format!("/v1/uploads/{}/parts/sign", sender.id);
    let sum = sender.checksum(1);
    let body = json!({"parts": [
        {"number": 0, "checksum": sum}, {"number": 4, "checksum": sum}, {"number": 10_001, "checksum": sum},
        {"number": 1}, {"number": 2, "checksum": sum},
    ]});
    let answer = desk.person.post(&path, body).await;
    assert_eq!(answer.refusal(), (422, "invalid"));
    let fields = answer.fields();
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "parts[0].number",
            "parts[1].number",
            "parts[2].number",
            "parts[3].checksum"
        ]
    );
    let many: Vec<_> = (0..1_001)
        .map(|_| json!({"number": 1, "checksum": sum}))
        .collect();
    let answer = desk.person.post(&path, json!({ "parts": many })).await;
    assert_eq!(
        answer.fields(),
        [("parts".to_owned(), "out_of_range".to_owned())]
    );
    let plain = Sender::begin_as(&desk.person, &desk.room, "b.bin", Bytes::new(), "none").await;
    let path = format!("/v1/uploads/{}/parts/sign", plain.id);
    let answer = desk
        .person
        .post(&path, json!({"parts": [{"number": 1, "checksum": sum}]}))
        .await;
    assert_eq!(
        answer.fields(),
        [("parts[0].checksum".to_owned(), "not_expected".to_owned())]
    );
}

#[tokio::test]
async fn r_u5_a_thousand_parts_are_signed_in_one_call() {
    let desk = desk().await;
    // Never sent: the file only has to have so many parts, which the free plan allows.
    let size = 10_000_000_000_u64;
    let body = support::sender::start(&desk.room, "huge.bin", size, "none");
    let started = desk.person.post("/v1/uploads", body).await.ok();
    assert_eq!(started["upload"]["part_count"], 597);
    assert_eq!(started["parts"].as_array().map(Vec::len), Some(100));
    let path = format!(
        "/v1/uploads/{}/parts/sign",
        started["upload"]["id"].as_str().expect("an id")
    );
    let parts: Vec<_> = (1..=597)
        .map(|number| json!({ "number": number }))
        .collect();
    let signed = desk
        .person
        .post(&path, json!({ "parts": parts }))
        .await
        .ok();
    let lengths: u64 = signed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|part| part["length"].as_u64())
        .sum();
    assert_eq!(lengths, size);
}
