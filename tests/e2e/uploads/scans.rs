//! R-F6: what a malware scanner says.

use domain::company::CompanyRole;
use serde_json::{Value, json};
use support::Socket;
use support::sender::{bytes, upload};

use super::finishing::ready_with;
use super::{Desk, desk};

/// What GuardDuty sends through EventBridge.
fn result(key: &str, status: &str, time: &str) -> Value {
    let threats = match status {
        "THREATS_FOUND" => json!([{"name": "EICAR-Test-File (not a virus)"}]),
        _ => Value::Null,
    };
    json!({
        "version": "0", "id": "72c7d362-737a-6dce-fc78-9e27a0171419", "source": "aws.guardduty",
        "detail-type": "GuardDuty Malware Protection Object Scan Result", "account": "111122223333",
        "time": time, "region": "ap-northeast-2", "resources": [],
        "detail": {
            "schemaVersion": "1.0", "scanStatus": "COMPLETED", "resourceType": "S3_OBJECT",
            "s3ObjectDetails": {"bucketName": "maru", "objectKey": key, "eTag": "x", "versionId": "", "s3Throttled": false},
            "scanResultDetails": {"scanResultStatus": status, "threats": threats},
        },
    })
}

impl Desk {
    async fn scanned(&self, key: &str, status: &str, time: &str) {
        self.stack
            .invoke("inspect", result(key, status, time))
            .await;
    }

    async fn see(&self, file: &Value) -> Value {
        let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
        self.person.get(&path).await.ok()
    }
}

#[tokio::test]
async fn r_f6_an_infected_file_cannot_be_had_and_those_concerned_are_told() {
    let desk = desk().await;
    let admin = desk.stack.person_as(&desk.person, CompanyRole::Admin).await;
    let mut uploader = Socket::connect(&desk.stack, &desk.person).await;
    let mut elsewhere = Socket::connect(&desk.stack, &admin).await;
    let file = upload(&desk.person, &desk.room, "청구서.zip", bytes(1_000, 1)).await;
    assert_eq!(file["scan_status"], "not_scanned");
    let key = desk.key(&file).await;
    desk.scanned(&key, "THREATS_FOUND", "2026-02-28T01:01:01Z")
        .await;
    let of =
        |event: &Value| event["type"] == "file.scanned" && event["data"]["file_id"] == file["id"];
    let told = uploader.event(of).await;
    assert_eq!(
        told["data"],
        json!({"file_id": file["id"], "scan_status": "infected"})
    );
    // An admin who is not in the room hears it too, as no room's history.
    let told = elsewhere.event(of).await;
    assert_eq!(told.get("seq"), None);
    let seen = desk.see(&file).await;
    assert_eq!(seen["scan_status"], "infected");
    let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
    for call in ["download", "download?redirect=true", "preview/128"] {
        let answer = desk.person.get(&format!("{path}/{call}")).await;
        assert_eq!(answer.refusal(), (403, "file_infected"), "{call}");
    }
    assert!(desk.audited().await.contains(&"file.infected".to_owned()));
}

#[tokio::test]
async fn r_f6_results_come_often_and_in_any_order() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(1_000, 2)).await;
    let key = desk.key(&file).await;
    for (status, time, holds, events) in [
        ("FAILED", "2026-02-28T01:00:00Z", "not_scanned", 0),
        ("ACCESS_DENIED", "2026-02-28T01:00:00Z", "not_scanned", 0),
        ("UNSUPPORTED", "2026-02-28T01:00:00Z", "too_large", 1),
        ("NO_THREATS_FOUND", "2026-02-28T02:00:00Z", "clean", 2),
        ("NO_THREATS_FOUND", "2026-02-28T02:00:00Z", "clean", 2),
        // Of an old file, after all: signatures are newer.
        ("THREATS_FOUND", "2026-03-28T02:00:00Z", "infected", 3),
        ("THREATS_FOUND", "2026-03-28T02:00:00Z", "infected", 3),
        // Late, from before.
        ("NO_THREATS_FOUND", "2026-02-28T03:00:00Z", "infected", 3),
        ("NO_THREATS_FOUND", "2026-03-28T02:00:00Z", "infected", 3),
        ("NO_THREATS_FOUND", "2026-04-28T02:00:00Z", "clean", 4),
    ] {
        desk.scanned(&key, status, time).await;
        assert_eq!(
            desk.see(&file).await["scan_status"],
            holds,
            "{status} at {time}"
        );
        let told = desk.told("file.scanned", &file).await;
        assert_eq!(told.len(), events, "{status} at {time}");
    }
    desk.scanned("nobody/knows", "THREATS_FOUND", "2026-02-28T01:01:01Z")
        .await;
}

#[tokio::test]
async fn r_f6_a_finding_may_be_there_before_the_file() {
    let ready = ready_with(bytes(1_000, 3)).await;
    let desk = &ready.desk;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    ready.join().await;
    ready.assemble().await;
    desk.scanned(&ready.upload.key, "THREATS_FOUND", "2026-02-28T01:01:01Z")
        .await;
    let file = ready.sender.complete(&desk.person).await.ok();
    assert_eq!(file["scan_status"], "infected");
    socket
        .event(|event| event["type"] == "file.scanned" && event["data"]["file_id"] == file["id"])
        .await;
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    assert_eq!(
        desk.person.get(&path).await.refusal(),
        (403, "file_infected")
    );
    assert_eq!(desk.told("file.scanned", &file).await, [] as [Value; 0]);
}

#[tokio::test]
async fn r_f6_a_finding_about_a_duplicate_holds_for_the_content_that_is_kept() {
    let desk = desk().await;
    let first = upload(&desk.person, &desk.room, "old.bin", bytes(1_000, 4)).await;
    let second = upload(&desk.person, &desk.room, "new.bin", bytes(1_000, 4)).await;
    let upload = second["upload_id"].as_str().expect("an id");
    let key: String = desk
        .sql(&format!("select key from uploads where id = '{upload}'"))
        .await[0]
        .get(0);
    assert_ne!(key, desk.key(&second).await);
    desk.scanned(&key, "THREATS_FOUND", "2026-02-28T01:01:01Z")
        .await;
    for file in [&first, &second] {
        assert_eq!(desk.see(file).await["scan_status"], "infected");
        assert_eq!(desk.told("file.scanned", file).await.len(), 1);
    }
}
