//! Numbers and texts at the edge of what can be written, as a client made from the contract tries them.

use serde_json::json;
use support::sender::room;
use support::{Person, Stack};

#[tokio::test]
async fn no_number_of_a_log_is_too_large_to_be_asked_for() {
    let person = Person::register(Stack::get().await).await;
    let room = room(&person, "맨 끝").await;
    let path = |after: i64| format!("/v1/chatrooms/{room}/events?after={after}");
    let answer = person.get(&path(i64::MAX)).await.ok();
    assert_eq!(
        (&answer["reset"], &answer["events"]),
        (&json!(true), &json!([]))
    );
    for after in [i64::MIN, -2] {
        let answer = person.get(&path(after)).await;
        assert_eq!(answer.refusal(), (422, "invalid"), "{after}");
    }
}

#[tokio::test]
async fn a_text_that_nothing_can_hold_is_refused_in_every_query() {
    let person = Person::register(Stack::get().await).await;
    let room = room(&person, "맨 끝").await;
    let paths = [
        format!("/v1/chatrooms/{room}/members?q=a%00"),
        "/v1/chatrooms?q=%00".to_owned(),
        "/v1/files?cursor=%00".to_owned(),
    ];
    for path in paths {
        assert_eq!(
            person.get(&path).await.refusal(),
            (422, "invalid"),
            "{path}"
        );
    }
}
