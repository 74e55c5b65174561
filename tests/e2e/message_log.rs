//! Sending: one gap-free log, retries, who may.

use domain::message::{Message, Refusal};
use domain::room::{Access, Action, Role, Status, can};
use futures_util::future::join_all;
use serde_json::json;
use store::{Appended, Changed, Password, Store};
use support::hall::payload;
use support::{Hall, Stack, WireCounter};
use tokio_postgres::types::Type;

async fn hall(people: usize) -> Hall {
    Hall::new(&Stack::get().await.postgres, people).await
}

fn with_client_id(message: Message, client_id: &str) -> Message {
    Message {
        client_id: Some(client_id.to_owned()),
        ..message
    }
}

fn sent(appended: Appended) -> Message {
    match appended {
        Appended::Sent(message) | Appended::Known(message) => message,
        Appended::Refused(refusal) => panic!("refused: {refusal}"),
    }
}

#[tokio::test]
async fn r_m3_the_log_is_gap_free_under_8_writers() {
    let hall = hall(8).await;
    let writers = hall.people.iter().map(|author| {
        let hall = &hall;
        async move {
            let store = hall.another_store();
            for n in 0..50 {
                let message = hall.message(*author, &format!("message {n}"));
                sent(hall.append(&store, &message).await);
            }
        }
    });
    join_all(writers).await;
    let log = hall.log().await;
    let numbers: Vec<i64> = log.iter().map(|(seq, _, _)| *seq).collect();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>());
    for (seq, kind, data) in &log {
        assert_eq!(kind, "message.created");
        let id = data["id"].as_str().expect("an id").parse().expect("an id");
        let stored = hall.store.message(hall.company, hall.people[0], id).await;
        let stored = stored.expect("Postgres answers").expect("it is there");
        assert_eq!(stored.seq, *seq);
        assert_eq!(payload(&stored), *data, "the event says what a reader gets");
    }
}

#[tokio::test]
async fn r_m2_the_same_client_id_100_times_at_once_is_one_message() {
    let hall = hall(2).await;
    let stores: Vec<_> = (0..10).map(|_| hall.another_store()).collect();
    let answers = join_all((0..100).map(|n| {
        let message = Message {
            metadata: Some(json!({"big": 1e20, "n": [1.5, -0.0, null]})),
            ..with_client_id(hall.message(hall.people[1], "회의 시작"), "once")
        };
        let (hall, store) = (&hall, &stores[n % stores.len()]);
        async move { hall.append(store, &message).await }
    }))
    .await;
    let new = answers
        .iter()
        .filter(|answer| matches!(answer, Appended::Sent(_)));
    assert_eq!(new.count(), 1);
    let messages: Vec<Message> = answers.into_iter().map(sent).collect();
    assert!(messages.iter().all(|message| *message == messages[0]));
    assert_eq!(messages[0].seq, 1);
    assert_eq!(hall.log().await.len(), 1);
}

#[tokio::test]
async fn r_m2_the_same_client_id_with_other_content_is_refused() {
    let hall = hall(2).await;
    let author = hall.people[1];
    let first = with_client_id(hall.message(author, "one"), "c1");
    sent(hall.append(&hall.store, &first).await);
    let others = [
        with_client_id(hall.message(author, "two"), "c1"),
        Message {
            metadata: Some(json!({})),
            ..with_client_id(hall.message(author, "one"), "c1")
        },
    ];
    for other in others {
        let refused = hall.append(&hall.store, &other).await;
        assert_eq!(refused, Appended::Refused(Refusal::ClientIdReused));
    }
    // The name is the author's own: someone else's, or another one, is another message.
    let theirs = with_client_id(hall.message(hall.people[0], "two"), "c1");
    assert!(matches!(
        hall.append(&hall.store, &theirs).await,
        Appended::Sent(_)
    ));
    let another = with_client_id(hall.message(author, "one"), "c2");
    assert!(matches!(
        hall.append(&hall.store, &another).await,
        Appended::Sent(_)
    ));
}

#[tokio::test]
async fn r_m2_a_retry_is_answered_even_if_the_room_was_archived_since() {
    let hall = hall(1).await;
    let creator = hall.caller(hall.people[0]);
    let message = with_client_id(hall.message(hall.people[0], "one"), "c1");
    let first = sent(hall.append(&hall.store, &message).await);
    let archived = hall.store.archive_room(&hall.act(&creator)).await;
    assert!(matches!(archived, Ok(Changed::Done(..))), "{archived:?}");
    let again = with_client_id(hall.message(hall.people[0], "one"), "c1");
    assert_eq!(
        hall.append(&hall.store, &again).await,
        Appended::Known(first)
    );
}

#[tokio::test]
async fn r_c2_who_may_write_is_the_permission_table() {
    let hall = hall(1).await;
    let author = hall.people[0];
    for role in Role::ALL {
        for access in Access::ALL {
            for status in [Status::Active, Status::Archived] {
                hall.run(
                    "with r as (update rooms set status = $3 where id = $1)
                     update room_members set role = $4, access = $5 where room_id = $1 and user_id = $2",
                    &[
                        (&hall.room.0, Type::UUID),
                        (&author.0, Type::UUID),
                        (&status.as_str(), Type::TEXT),
                        (&role.as_str(), Type::TEXT),
                        (&access.as_str(), Type::TEXT),
                    ],
                )
                .await;
                let appended = hall.append(&hall.store, &hall.message(author, "hi")).await;
                assert_eq!(
                    matches!(appended, Appended::Sent(_)),
                    can(*role, *access, status, Action::Write),
                    "{role:?} {access:?} {status:?}: {appended:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn r_c6_slow_mode_holds_each_member_back() {
    let hall = hall(2).await;
    hall.run(
        "update rooms set settings = '{\"slow_mode_s\": 60}' where id = $1",
        &[(&hall.room.0, Type::UUID)],
    )
    .await;
    let first = hall.message(hall.people[1], "one");
    let later = |ms| Message {
        created_at: first.created_at + time::Duration::milliseconds(ms),
        ..hall.message(hall.people[1], "two")
    };
    sent(hall.append(&hall.store, &first).await);
    let refused = hall.append(&hall.store, &later(59_001)).await;
    assert_eq!(
        refused,
        Appended::Refused(Refusal::SlowMode { wait_ms: 999 })
    );
    sent(
        hall.append(&hall.store, &hall.message(hall.people[0], "mine"))
            .await,
    );
    sent(hall.append(&hall.store, &later(60_000)).await);
}

#[tokio::test]
async fn r_m1_an_answer_must_stand_in_the_same_room() {
    let (hall, other) = (hall(1).await, hall(1).await);
    let first = sent(
        hall.append(&hall.store, &hall.message(hall.people[0], "one"))
            .await,
    );
    let reply = |to| Message {
        reply_to: Some(to),
        ..hall.message(hall.people[0], "yes")
    };
    let answered = sent(hall.append(&hall.store, &reply(first.id)).await);
    assert_eq!(answered.reply_to, Some(first.id));
    let foreign = sent(
        other
            .append(&other.store, &other.message(other.people[0], "one"))
            .await,
    );
    for unknown in [foreign.id, reply(first.id).id] {
        let refused = hall.append(&hall.store, &reply(unknown)).await;
        assert_eq!(refused, Appended::Refused(Refusal::NoReplyTarget));
    }
}

#[tokio::test]
async fn r_a8_another_company_or_a_suspended_person_sends_nothing() {
    let (hall, other) = (hall(2).await, hall(1).await);
    let stranger = hall.message(other.people[0], "hello");
    let refused = hall.append(&hall.store, &stranger).await;
    assert_eq!(refused, Appended::Refused(Refusal::Inactive));
    let there = Message {
        room: hall.room,
        ..other.message(other.people[0], "hello")
    };
    let refused = other.append(&other.store, &there).await;
    assert_eq!(refused, Appended::Refused(Refusal::NoRoom));
    hall.run(
        "update users set status = 'suspended' where id = $1",
        &[(&hall.people[1].0, Type::UUID)],
    )
    .await;
    let refused = hall
        .append(&hall.store, &hall.message(hall.people[1], "hello"))
        .await;
    assert_eq!(refused, Appended::Refused(Refusal::Inactive));
}

#[tokio::test]
async fn r_m3_a_send_is_one_round_trip_and_names_no_statement() {
    let (counter, url) = WireCounter::before(&Stack::get().await.postgres).await;
    let hall = hall(1).await;
    let store = Store::new(&url, Password::InAddress).expect("an address");
    store.ping().await.expect("Postgres answers");
    for n in 0..20 {
        counter.reset();
        let message = with_client_id(hall.message(hall.people[0], "hello"), &n.to_string());
        sent(hall.append(&store, &message).await);
        let seen = counter.seen();
        assert_eq!((seen.round_trips, seen.named), (1, 0), "{seen:?}");
        assert_eq!(seen.statements.len(), 1, "{seen:?}");
    }
}
