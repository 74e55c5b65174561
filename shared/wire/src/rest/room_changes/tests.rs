//! What is taken, and how what is not is told.

use serde_json::{Value, json};

use super::*;

fn person(number: u8) -> UserId {
    UserId(uuid::Uuid::from_bytes([number; 16]))
}

fn create(body: Value) -> Result<Draft, Vec<(String, String)>> {
    let body: CreateRoom = serde_json::from_value(body).unwrap();
    body.parse(person(1)).map_err(pairs)
}

fn patch(body: Value) -> Result<Change, Vec<(String, String)>> {
    let body: PatchRoom = serde_json::from_value(body).unwrap();
    body.parse().map_err(pairs)
}

fn pairs(errors: Vec<FieldError>) -> Vec<(String, String)> {
    let pair = |error: FieldError| (error.field, error.code);
    errors.into_iter().map(pair).collect()
}

fn wrong(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(field, code): &(&str, &str)| ((*field).to_owned(), (*code).to_owned());
    fields.iter().map(pair).collect()
}

#[test]
fn r_c1_a_name_is_enough_and_the_creator_is_in_anyway() {
    let draft = create(json!({"name": " 회의실 ", "members": [
        {"user_id": person(1).0}, {"user_id": person(2).0, "role": "admin"},
    ]}))
    .unwrap();
    assert_eq!(draft.name.as_str(), "회의실");
    assert_eq!(draft.kind, Kind::Public);
    assert_eq!(draft.member_limit.get(), 1_000);
    assert_eq!(draft.members.len(), 1);
}

#[test]
fn r_c1_all_wrong_fields_are_told_at_once() {
    let errors = create(json!({
        "name": "ab",
        "description": "x".repeat(501),
        "member_limit": 1,
        "settings": {"slow_mode_s": 999_999, "allowed_types": ["pdf"]},
        "members": [
            {"user_id": person(2).0, "role": "creator"},
            {"user_id": person(2).0},
        ],
    }))
    .unwrap_err();
    let expected = wrong(&[
        ("name", "bad_length"),
        ("description", "bad_length"),
        ("member_limit", "out_of_range"),
        ("settings.allowed_types[0]", "bad_media_type"),
        ("settings.slow_mode_s", "out_of_range"),
        ("members[0].role", "not_given"),
        ("members[1].user_id", "duplicate"),
    ]);
    assert_eq!(errors, expected);
}

#[test]
fn a_patch_keeps_clears_and_sets() {
    assert_eq!(patch(json!({})), Ok(Change::default()));
    let change = patch(json!({
        "description": null, "member_limit": null, "settings": {"uploads": null, "threads": false},
    }))
    .unwrap();
    assert_eq!(change.description, Some(Description::default()));
    assert_eq!(change.member_limit, Some(MemberLimit::default()));
    assert_eq!(change.settings.uploads, Some(None));
    assert_eq!(change.settings.threads, Some(Some(false)));
    let cleared = patch(json!({"settings": null})).unwrap().settings;
    assert_eq!(cleared.slow_mode_s, Some(None));
    assert_eq!(
        patch(json!({"name": null, "type": null})),
        Err(wrong(&[("name", "never_null"), ("type", "never_null")]))
    );
}
