//! Figures of rooms: limits that hold under races, unread counts that are exact, lists that stay fast.

use domain::room::{Kind, Refusal, Seat};
use domain::{RoomId, UserId};
use futures_util::future::join_all;
use store::{Changed, RoomsFilter, RoomsScope, Store};
use support::chatroom::{Dice, draft, member};
use support::{Hall, Stack};
use tokio_postgres::types::Type;

async fn hall(people: usize) -> Hall {
    Hall::new(&Stack::get().await.postgres, people).await
}

#[tokio::test]
async fn r_c4_of_100_joins_at_once_for_the_last_place_one_gets_in() {
    let hall = hall(102).await;
    let (room, _) = hall.chatroom(&hall.store, &draft(Kind::Public, 3)).await;
    joined(
        &hall
            .store
            .join_room(&hall.act_in(room, hall.people[1]))
            .await,
    );
    let stores: Vec<Store> = (0..20).map(|_| hall.another_store()).collect();
    let calls = hall.people[2..].iter().enumerate().map(|(n, user)| {
        let (act, store) = (hall.act_in(room, *user), &stores[n % stores.len()]);
        async move { store.join_room(&act).await.expect("Postgres answers") }
    });
    let (mut got_in, mut full) = (0, 0);
    for answer in join_all(calls).await {
        match answer {
            Changed::Done(..) => got_in += 1,
            Changed::Refused(Refusal::Full { limit: 3 }) => full += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((got_in, full), (1, 99));
    let found = hall.found(room, hall.people[0]).await;
    assert_eq!((found.room.member_count, found.room.last_seq), (3, 3));
}

#[tokio::test]
async fn r_c4_a_batch_that_does_not_fit_adds_nobody() {
    let hall = hall(6).await;
    let (room, _) = hall.chatroom(&hall.store, &draft(Kind::Private, 3)).await;
    let people: Vec<_> = hall.people[1..].iter().map(|user| member(*user)).collect();
    let act = hall.act_in(room, hall.people[0]);
    let adding = hall.store.add_members(&act, &people).await;
    assert!(
        matches!(adding, Ok(Changed::Refused(Refusal::Full { limit: 3 }))),
        "{adding:?}"
    );
    assert_eq!(hall.found(room, hall.people[0]).await.room.member_count, 1);
}

#[tokio::test]
async fn r_m8_unread_counts_equal_a_count_of_rows() {
    let hall = hall(5).await;
    for seed in 1..=4 {
        let (room, _) = hall.chatroom(&hall.store, &draft(Kind::Public, 100)).await;
        let mut dice = Dice(seed * 7_919);
        for _ in 0..60 {
            let user = hall.people[dice.roll(hall.people.len())];
            if dice.roll(3) == 0 {
                let end = hall.found(room, hall.people[0]).await.room.last_seq;
                let seq = i64::try_from(dice.roll(9)).expect("small") + end - 6;
                let marked = hall.store.mark_read(hall.company, user, room, seq.max(0));
                drop(marked.await.expect("Postgres answers"));
            } else {
                hall.shake(&hall.store, room, user, &mut dice).await;
            }
            for user in &hall.people {
                let Some(seat) = hall.found(room, *user).await.seat else {
                    continue;
                };
                assert_eq!(
                    seat.unread,
                    counted(&hall, room, *user, seat).await,
                    "seed {seed}"
                );
            }
        }
    }
}

#[tokio::test]
async fn r_m8_a_marker_never_goes_back_nor_beyond_the_end() {
    let hall = hall(2).await;
    let (room, _) = hall.chatroom(&hall.store, &draft(Kind::Public, 10)).await;
    let (me, other) = (hall.people[0], hall.people[1]);
    joined(&hall.store.join_room(&hall.act_in(room, other)).await);
    for text in ["one", "two", "three"] {
        hall.say(&hall.store, room, other, text).await;
    }
    for (asked, stands, unread, moved) in [
        (0, 1, 3, false),
        (3, 3, 2, true),
        (2, 3, 2, false),
        (99, 5, 0, true),
        (99, 5, 0, false),
    ] {
        let marked = hall.store.mark_read(hall.company, me, room, asked).await;
        let (seat, has_moved) = marked.expect("Postgres answers").expect("a member");
        assert_eq!(
            (seat.read_seq, seat.unread, has_moved),
            (stands, unread, moved)
        );
    }
}

#[tokio::test]
async fn r_c8_500_rooms_are_listed_with_their_unread_counts() {
    let hall = hall(2).await;
    hall.fill_rooms(500, 20).await;
    let page = hall
        .store
        .rooms(hall.company, hall.people[1], &mine(100))
        .await;
    let page = page.expect("Postgres answers").expect("an active person");
    assert_eq!(page.len(), 100);
    assert!(
        page[1..]
            .iter()
            .all(|found| found.seat.is_some_and(|seat| seat.unread == 20))
    );
}

fn joined<T: std::fmt::Debug>(answer: &Result<Changed<T>, store::Error>) {
    assert!(matches!(answer, Ok(Changed::Done(..))), "{answer:?}");
}

fn mine(limit: i64) -> RoomsFilter<'static> {
    RoomsFilter {
        scope: RoomsScope::Mine,
        kind: None,
        status: None,
        name: "",
        after: None,
        limit,
    }
}

/// The same count the long way: rows of others after the marker.
async fn counted(hall: &Hall, room: RoomId, user: UserId, seat: Seat) -> i64 {
    let rows = hall
        .run(
            "select count(*) from messages
         where room_id = $1 and kind = 'text' and author_id <> $2 and seq > $3",
            &[
                (&room.0, Type::UUID),
                (&user.0, Type::UUID),
                (&seat.read_seq, Type::INT8),
            ],
        )
        .await;
    rows[0].get(0)
}
