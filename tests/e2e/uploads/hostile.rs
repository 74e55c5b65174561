//! Files that mean harm: quarantined, or without a preview, and always bounded.

use serde_json::json;
use support::craft::hostile;
use support::sender::upload;

use super::desk;

#[tokio::test]
async fn r_f3_hostile_files_end_in_an_answer() {
    let desk = desk().await;
    for hostile in hostile() {
        let file = upload(&desk.person, &desk.room, hostile.name, hostile.content).await;
        let file = desk.previewed(&file).await;
        let preview = &file["preview"];
        let end = match preview["state"].as_str() {
            Some("unavailable") => preview["reason"].as_str(),
            other => other,
        };
        let end = end.expect("an end");
        // The reader's clock goes on while a busy machine runs something else.
        let ended = end == "too_slow" || hostile.ends.contains(&end);
        assert!(ended, "{}: {preview}", hostile.name);
    }
}

#[tokio::test]
async fn r_u8_a_program_that_poses_as_a_document_has_no_preview() {
    let desk = desk().await;
    let mut program = b"MZ\x90\x00\x03\x00\x00\x00".to_vec();
    program.resize(2_000, 0);
    let file = upload(&desk.person, &desk.room, "계약서.pdf", program.into()).await;
    let key = desk.key(&file).await;
    let created = json!({"Records": [{"s3": {"object": {"key": key}}}]});
    desk.stack.invoke("inspect", created).await;
    let file = desk.previewed(&file).await;
    assert_eq!(file["status"], "quarantined");
    assert_eq!(file["preview"]["reason"], "blocked");
    let path = format!(
        "/v1/files/{}/preview/128",
        file["id"].as_str().expect("an id")
    );
    assert_eq!(
        desk.person.get(&path).await.refusal(),
        (403, "file_quarantined")
    );
}
