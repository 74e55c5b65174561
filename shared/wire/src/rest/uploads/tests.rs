//! What uploads may be begun with.

use super::*;

fn start(
    name: &str,
    size: u64,
    checksum: ChecksumKind,
    sums: &[&str],
) -> Result<Draft, Vec<String>> {
    let request = StartUpload {
        room_id: RoomId(uuid::Uuid::nil()),
        thread_id: None,
        file_id: None,
        name: name.into(),
        size,
        content_type: octets(),
        checksum,
        part_checksums: sums.iter().map(|sum| (*sum).to_owned()).collect(),
        then: None,
    };
    request
        .parse()
        .map_err(|errors| errors.into_iter().map(|error| error.field).collect())
}

#[test]
fn r_u1_a_start_names_all_its_faults() {
    let good = STANDARD.encode([7; 32]);
    assert!(start("a", 0, ChecksumKind::Sha256, &[&good]).is_ok());
    assert_eq!(
        start("a/b", u64::MAX, ChecksumKind::None, &[]).unwrap_err(),
        ["name", "size"]
    );
    assert_eq!(
        start("a", 1, ChecksumKind::Sha256, &["x"]).unwrap_err(),
        ["part_checksums[0]"]
    );
    assert_eq!(
        start("a", 1, ChecksumKind::Sha256, &[&good, &good]).unwrap_err(),
        ["part_checksums"]
    );
    assert_eq!(
        start("a", 1, ChecksumKind::None, &[&good]).unwrap_err(),
        ["part_checksums"]
    );
}

#[test]
fn r_u9_a_file_goes_into_one_thread_at_most() {
    let parse = |more: serde_json::Value| {
        let mut body = serde_json::json!({
            "room_id": uuid::Uuid::nil(), "name": "a", "size": 1, "checksum": "none",
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let request: StartUpload = serde_json::from_value(body).unwrap();
        request
            .parse()
            .map_err(|errors| errors.into_iter().map(|it| it.field).collect::<Vec<_>>())
    };
    let id = uuid::Uuid::nil();
    let draft = parse(serde_json::json!({ "thread_id": id })).unwrap();
    assert_eq!(
        (draft.thread, draft.then),
        (Some(ThreadId(id)), Some(FollowUp::Nothing))
    );
    let said = serde_json::json!({ "thread_id": id, "then": {"message": {"text": "x"}} });
    assert!(matches!(
        parse(said).unwrap().then,
        Some(FollowUp::Message(_))
    ));
    let both = serde_json::json!({ "thread_id": id, "then": {"thread": {}} });
    assert_eq!(parse(both).unwrap_err(), ["then"]);
    let version = serde_json::json!({ "thread_id": id, "file_id": id, "then": "nothing" });
    assert_eq!(parse(version).unwrap_err(), ["thread_id", "then"]);
}

#[test]
fn r_u3_a_thousand_parts_a_call() {
    let parts = |count| SignParts {
        parts: (0..count)
            .map(|number| PartToSign {
                number,
                checksum: None,
            })
            .collect(),
    };
    assert!(parts(1_000).parse().is_ok());
    assert!(parts(1_001).parse().is_err());
    assert!(parts(0).parse().is_err());
}
