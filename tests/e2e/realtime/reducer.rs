//! The client rule itself: a snapshot and the events after it are the next snapshot.

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Person, RoomLog, Stack};

use super::{room, say};

/// A room as a client loads it.
pub(super) async fn load(person: &Person, room: &str) -> RoomLog {
    let path = |rest: &str| format!("/v1/chatrooms/{room}{rest}");
    let view = person.get(&path("")).await.ok();
    let members = person.get(&path("/members?limit=100")).await.ok();
    let messages = person.get(&path("/messages?limit=100")).await.ok();
    let items = |page: &Value| page["items"].as_array().expect("items").clone();
    RoomLog::load(&view, &items(&members), &items(&messages))
}

#[tokio::test]
async fn r_r3_a_snapshot_and_its_events_are_the_next_snapshot() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (juno, sora) = (stack.person_in(&minji).await, stack.person_in(&minji).await);
    let room = room(&minji, &[&juno]).await;
    let before = load(&minji, &room).await;
    let path = |rest: &str| format!("/v1/chatrooms/{room}{rest}");
    say(&juno, &room, "first").await;
    let members = json!({ "members": [{ "user_id": sora.id, "role": "moderator" }] });
    minji.post(&path("/members"), members).await.ok();
    minji
        .patch(&path(""), json!({ "description": "새로운 설명" }))
        .await
        .ok();
    say(&sora, &room, "second").await;
    let juno_path = path(&format!("/members/{}", juno.id));
    minji
        .patch(&juno_path, json!({ "role": "admin" }))
        .await
        .ok();
    assert!(
        minji
            .delete(&path(&format!("/members/{}", sora.id)))
            .await
            .status
            .is_success()
    );
    minji.post(&path("/archive"), json!({})).await.ok();
    let page = minji
        .get(&path(&format!("/events?after={}", before.seq)))
        .await
        .ok();
    let mut log = before;
    for event in page["events"].as_array().expect("events") {
        log.take(event);
    }
    assert_eq!(log, load(&minji, &room).await);
}

fn events(count: i64) -> Vec<Value> {
    (1..=count)
        .map(|seq| {
            json!({
                "type": if seq % 5 == 0 { "member.removed" } else { "message.created" },
                "seq": seq,
                "data": if seq % 5 == 0 {
                    json!({ "user_ids": ["a"], "message": { "seq": seq, "content": "left" } })
                } else {
                    json!({ "seq": seq, "content": format!("message {seq}") })
                },
            })
        })
        .collect()
}

proptest! {
    /// Whatever is doubled, late or out of order on the way: once everything has come, the room is the same.
    #[test]
    fn r_r3_order_and_doubles_do_not_matter(
        count in 1_i64..60,
        doubles in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        shuffle in any::<u64>(),
    ) {
        let events = events(count);
        let mut straight = RoomLog::default();
        events.iter().for_each(|event| straight.take(event));

        let mut sent = events.clone();
        sent.extend(doubles.iter().map(|which| which.get(&events).clone()));
        let mut dice = shuffle | 1;
        for at in (1..sent.len()).rev() {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let other = usize::try_from(dice % (at as u64 + 1)).expect("small");
            sent.swap(at, other);
        }
        let mut crooked = RoomLog::default();
        sent.iter().for_each(|event| crooked.take(event));
        prop_assert!(!crooked.has_gap());
        prop_assert_eq!(crooked, straight);
    }

    /// A lost event stops the room where it was lost, and asking for what is missing brings it to its end.
    #[test]
    fn r_r3_a_gap_waits_and_closes(count in 2_i64..60, lost in any::<prop::sample::Index>()) {
        let events = events(count);
        let lost = lost.index(events.len());
        let mut log = RoomLog::default();
        for (at, event) in events.iter().enumerate() {
            if at != lost {
                log.take(event);
            }
        }
        prop_assert_eq!(log.seq, i64::try_from(lost).expect("small"));
        prop_assert_eq!(log.has_gap(), lost + 1 < events.len());
        events.iter().filter(|event| event["seq"].as_i64() > Some(log.seq)).cloned()
            .collect::<Vec<_>>().iter().for_each(|event| log.take(event));
        prop_assert_eq!(log.seq, count);
        prop_assert!(!log.has_gap());
    }
}
