//! Removals, archives and changes of access that race with senders: whatever follows them in the log obeys them.

use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::message::Refusal;
use domain::room::{Access, SeatChange};
use futures_util::future::join_all;
use serde_json::{Value, json};
use store::{Appended, Changed, Store};
use support::{Hall, Stack};

async fn hall(people: usize) -> Hall {
    Hall::new(&Stack::get().await.postgres, people).await
}

/// The number of the event of a change that must have been made.
fn logged<T: Debug>(changed: Result<Changed<T>, store::Error>) -> i64 {
    match changed.expect("Postgres answers") {
        Changed::Done(_, event) => event.seq,
        other => panic!("{other:?}"),
    }
}

/// Lets six connections of the second person send until each of them was refused for `refusal`, and makes `change`
/// in the midst of it. Nothing of theirs may follow the number that it answers, and no number may be missing.
async fn race(hall: &Hall, refusal: Refusal, change: impl AsyncFnOnce(&Store) -> i64) {
    let author = hall.people[1];
    let sent_so_far = AtomicUsize::new(0);
    let senders = (0..6).map(|_| {
        let (store, sent_so_far) = (hall.another_store(), &sent_so_far);
        async move {
            loop {
                let message = hall.message(author, "still here");
                match hall.append(&store, &message).await {
                    Appended::Sent(_) => sent_so_far.fetch_add(1, Ordering::Relaxed),
                    Appended::Known(_) => panic!("it has no client_id"),
                    Appended::Refused(why) => return assert_eq!(why, refusal),
                };
            }
        }
    });
    let changer = async {
        while sent_so_far.load(Ordering::Relaxed) < 60 {
            tokio::task::yield_now().await;
        }
        change(&hall.store).await
    };
    let (_, changed_at) = tokio::join!(join_all(senders), changer);
    let log = hall.log().await;
    let last = i64::try_from(log.len()).expect("a short log");
    assert!(log.iter().map(|event| event.0).eq(1..=last), "gaps");
    let theirs = json!(author);
    let late =
        |(seq, _, data): &&(i64, String, Value)| *seq > changed_at && data["author"] == theirs;
    assert_eq!(
        log.iter().find(late),
        None,
        "after the change at {changed_at}"
    );
    let stored = sent_so_far.into_inner();
    let count = log
        .iter()
        .filter(|event| event.2["author"] == theirs)
        .count();
    assert_eq!(count, stored, "each message that was answered is there");
}

#[tokio::test]
async fn r_m3_nothing_of_a_removed_member_follows_the_removal() {
    let hall = hall(2).await;
    let creator = hall.caller(hall.people[0]);
    race(&hall, Refusal::NoRoom, async |store| {
        logged(
            store
                .remove_member(&hall.act(&creator), hall.people[1])
                .await,
        )
    })
    .await;
}

#[tokio::test]
async fn r_m3_nothing_follows_an_archive() {
    let hall = hall(2).await;
    let creator = hall.caller(hall.people[0]);
    race(&hall, Refusal::Archived, async |store| {
        logged(store.archive_room(&hall.act(&creator)).await)
    })
    .await;
}

#[tokio::test]
async fn r_m3_nothing_follows_being_made_read_only() {
    let hall = hall(2).await;
    let creator = hall.caller(hall.people[0]);
    let read_only = SeatChange {
        role: None,
        access: Some(Access::ReadOnly),
    };
    race(&hall, Refusal::ReadOnly, async |store| {
        let act = hall.act(&creator);
        logged(store.change_member(&act, hall.people[1], read_only).await)
    })
    .await;
}
