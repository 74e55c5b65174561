//! Who may not, and what is not taken.

use serde_json::{Value, json};
use support::sender::{Sender, bytes, let_in, start, upload};
use support::{Answer, Person, Socket};

use super::{MIB, desk};

#[tokio::test]
async fn r_u8_programs_and_scripts_are_refused_by_name_and_by_type() {
    let desk = desk().await;
    let begin = async |name: &str, content_type: &str| {
        let mut body = start(&desk.room, name, 5, "none");
        body["content_type"] = json!(content_type);
        desk.person.post("/v1/uploads", body).await
    };
    for (name, content_type) in [
        ("setup.EXE", "application/octet-stream"),
        ("회의록.pdf.scr", "application/pdf"),
        ("notes.txt", "application/x-msdownload"),
        ("run.sh", "text/plain"),
    ] {
        let answer = begin(name, content_type).await;
        assert_eq!(answer.refusal(), (422, "type_blocked"), "{name}");
    }
    assert_eq!(begin("exe", "text/plain").await.status, 201);
    assert_eq!(desk.storage().await, (0, 5));
}

#[tokio::test]
async fn r_u8_content_that_runs_goes_into_quarantine() {
    let desk = desk().await;
    let mut socket = Socket::connect(&desk.stack, &desk.person).await;
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00".to_vec();
    program.resize(2_000, 0);
    let sender = Sender::begin(&desk.person, &desk.room, "그림.png", program.into()).await;
    sender.send_all(&desk.person).await;
    let file = sender.complete(&desk.person).await.ok();
    let path = format!("/v1/files/{}", file["id"].as_str().expect("an id"));
    // Inspection follows S3's event: before the file, or a moment after it.
    if file["status"] == "available" {
        let id = file["id"].clone();
        let told = socket
            .event(|event| event["type"] == "file.quarantined" && event["data"]["file_id"] == id)
            .await;
        assert!(told["seq"].is_u64());
    }
    let quarantined = desk.person.get(&path).await.ok();
    assert_eq!(quarantined["status"], "quarantined");
    let kind = "application/vnd.microsoft.portable-executable";
    assert_eq!(quarantined["blocked_as"], kind);
    let download = desk.person.get(&format!("{path}/download")).await;
    assert_eq!(download.refusal(), (403, "file_quarantined"));
}

#[tokio::test]
async fn r_c6_the_rooms_settings_are_obeyed() {
    let desk = desk().await;
    let change = async |settings: Value| {
        let path = format!("/v1/chatrooms/{}", desk.room);
        drop(
            desk.person
                .patch(&path, json!({ "settings": settings }))
                .await
                .ok(),
        );
    };
    let begin = async |content_type: &str, size: u64| {
        let mut body = start(&desk.room, "a.bin", size, "none");
        body["content_type"] = json!(content_type);
        desk.person.post("/v1/uploads", body).await
    };
    change(json!({"allowed_types": ["image/*", "application/pdf"]})).await;
    assert_eq!(begin("image/png", 5).await.status, 201);
    assert_eq!(
        begin("video/mp4", 5).await.refusal(),
        (422, "type_not_allowed")
    );
    change(json!({"allowed_types": null, "storage_limit_bytes": 15})).await;
    assert_eq!(begin("video/mp4", 10).await.status, 201);
    let over = begin("video/mp4", 1).await;
    assert_eq!(over.refusal(), (413, "quota_exceeded"));
    assert_eq!(over.body["scope"], "room");
    change(json!({"storage_limit_bytes": null, "uploads": false})).await;
    assert_eq!(begin("image/png", 5).await.refusal(), (403, "uploads_off"));
}

/// Every call of an upload and its file.
async fn every_call(person: &Person, upload: &str, file: &str) -> Vec<Answer> {
    let sign = json!({"parts": [{"number": 1}]});
    let mut answers = Vec::new();
    for call in [
        person.get(&format!("/v1/uploads/{upload}")),
        person.post(&format!("/v1/uploads/{upload}/parts/sign"), sign),
        person.post(&format!("/v1/uploads/{upload}/parts/1/done"), json!({})),
        person.post(&format!("/v1/uploads/{upload}/complete"), json!({})),
        person.delete(&format!("/v1/uploads/{upload}")),
        person.get(&format!("/v1/files/{file}")),
        person.get(&format!("/v1/files/{file}/download")),
    ] {
        answers.push(call.await);
    }
    answers
}

#[tokio::test]
async fn r_a8_strangers_find_nothing() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let sender = Sender::begin(&desk.person, &desk.room, "b.bin", bytes(10, 2)).await;
    let file = file["id"].as_str().expect("an id");
    let colleague = desk.stack.person_in(&desk.person).await;
    let foreigner = Person::register(&desk.stack).await;
    for stranger in [&colleague, &foreigner] {
        for answer in every_call(stranger, &sender.id, file).await {
            assert_eq!(answer.refusal(), (404, "not_found"), "{}", answer.call);
        }
        for path in ["/v1/uploads", "/v1/files"] {
            let answer = stranger.get(&format!("{path}?room_id={}", desk.room)).await;
            assert_eq!(answer.refusal(), (404, "not_found"));
            assert_eq!(stranger.get(path).await.ok()["items"], json!([]));
        }
        let begun = stranger
            .post("/v1/uploads", start(&desk.room, "c", 1, "none"))
            .await;
        assert_eq!(begun.refusal(), (404, "not_found"));
    }
    assert_eq!(sender.see(&desk.person).await["state"], "in_progress");
}

#[tokio::test]
async fn r_c2_members_see_an_upload_and_only_its_uploader_acts() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let sender = Sender::begin_as(&desk.person, &desk.room, "b.bin", bytes(10, 2), "none").await;
    let reader = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &reader, "read_only").await;
    let file = file["id"].as_str().expect("an id");
    let answers = every_call(&reader, &sender.id, file).await;
    let statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    assert_eq!(statuses, [200, 403, 403, 403, 403, 200, 200]);
    let begun = reader
        .post("/v1/uploads", start(&desk.room, "c", 1, "none"))
        .await;
    assert_eq!(begun.refusal(), (403, "read_only"));
    let listed = reader
        .get(&format!("/v1/uploads?room_id={}", desk.room))
        .await
        .ok();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn r_c3_who_lost_access_neither_signs_nor_completes_but_may_give_up() {
    let desk = desk().await;
    let member = desk.stack.person_in(&desk.person).await;
    let_in(&desk.person, &desk.room, &member, "full").await;
    let sender = Sender::begin_as(&member, &desk.room, "a.bin", bytes(MIB, 1), "none").await;
    sender.send_all(&member).await;
    let path = format!("/v1/chatrooms/{}/members/{}", desk.room, member.id);
    assert!(desk.person.delete(&path).await.status.is_success());
    assert_eq!(
        sender.sign(&member, &[1]).await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(sender.complete(&member).await.refusal(), (403, "forbidden"));
    assert_eq!(
        member
            .delete(&format!("/v1/uploads/{}", sender.id))
            .await
            .status,
        204
    );
    assert_eq!(desk.storage().await, (0, 0));
}

#[tokio::test]
async fn r_c5_an_archived_room_takes_no_uploads_and_gives_its_files() {
    let desk = desk().await;
    let file = upload(&desk.person, &desk.room, "a.bin", bytes(10, 1)).await;
    let sender = Sender::begin(&desk.person, &desk.room, "b.bin", bytes(10, 2)).await;
    sender.send_all(&desk.person).await;
    let room = format!("/v1/chatrooms/{}", desk.room);
    drop(
        desk.person
            .post(&format!("{room}/archive"), json!({}))
            .await
            .ok(),
    );
    let begun = desk
        .person
        .post("/v1/uploads", start(&desk.room, "c", 1, "none"))
        .await;
    assert_eq!(begun.refusal(), (409, "room_archived"));
    assert_eq!(
        sender.complete(&desk.person).await.refusal(),
        (409, "room_archived")
    );
    let path = format!("/v1/files/{}/download", file["id"].as_str().expect("an id"));
    assert_eq!(desk.person.get(&path).await.status, 200);
    drop(
        desk.person
            .post(&format!("{room}/restore"), json!({}))
            .await
            .ok(),
    );
    assert_eq!(sender.complete(&desk.person).await.status, 200);
}
