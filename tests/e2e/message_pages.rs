//! Reading a room's messages: pages before, after and around a place, at any size, while others write.

use domain::history::{Place, Window};
use domain::{MessageId, UserId};
use store::Read;
use support::rest::fresh_id;
use support::{Hall, Stack};
use tokio_postgres::types::Type;
use wire::rest::history::{self, HistoryQuery};
use wire::rest::messages::MessageView;
use wire::rest::page::Page;

async fn hall(people: usize) -> Hall {
    Hall::new(&Stack::get().await.postgres, people).await
}

/// The page that `query` asks for, made as the function makes it.
async fn page(hall: &Hall, query: HistoryQuery) -> Page<MessageView> {
    let (window, limit) = query.parse().expect("a good query");
    match read(hall, hall.people[0], window, limit).await {
        Read::Page(found) => history::page(window, found),
        other => panic!("{other:?}"),
    }
}

async fn read(hall: &Hall, reader: UserId, window: Window, limit: i64) -> Read {
    let found = hall
        .store
        .history(hall.company, reader, hall.room, window, limit);
    found.await.expect("Postgres answers")
}

fn cursor(cursor: &str, limit: i64) -> HistoryQuery {
    HistoryQuery {
        cursor: Some(cursor.to_owned()),
        limit: Some(limit),
        ..HistoryQuery::default()
    }
}

fn numbers(page: &Page<MessageView>) -> Vec<i64> {
    page.items.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn r_m6_walking_back_meets_each_of_3000_messages_once_while_others_write() {
    let hall = hall(1).await;
    hall.fill(3_000).await;
    let mut met = Vec::new();
    let mut found = page(
        &hall,
        HistoryQuery {
            limit: Some(100),
            ..HistoryQuery::default()
        },
    )
    .await;
    assert_eq!(found.prev_cursor, None, "nothing is newer than the newest");
    loop {
        met.extend(numbers(&found));
        hall.append(&hall.store, &hall.message(hall.people[0], "meanwhile"))
            .await;
        match &found.next_cursor {
            Some(next) => found = page(&hall, cursor(next, 100)).await,
            None => break,
        }
    }
    assert_eq!(met, (1..=3_000).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn r_m6_walking_forward_reaches_what_was_written_meanwhile() {
    let hall = hall(1).await;
    hall.fill(250).await;
    let first = HistoryQuery {
        after: Some("0".into()),
        limit: Some(100),
        ..HistoryQuery::default()
    };
    let mut found = page(&hall, first).await;
    assert_eq!(
        numbers(&found),
        (1..=100).collect::<Vec<_>>(),
        "oldest first"
    );
    hall.fill(50).await;
    let mut met = numbers(&found);
    while let Some(next) = &found.next_cursor {
        found = page(&hall, cursor(next, 100)).await;
        met.extend(numbers(&found));
    }
    assert_eq!(met, (1..=300).collect::<Vec<_>>());
    let back = found.prev_cursor.expect("older ones");
    let back = page(&hall, cursor(&back, 10)).await;
    assert_eq!(numbers(&back), (191..=200).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn r_m6_around_a_message_or_a_number() {
    let hall = hall(1).await;
    hall.fill(100).await;
    let around = |place: String, limit| HistoryQuery {
        around: Some(place),
        limit: Some(limit),
        ..HistoryQuery::default()
    };
    let middle = page(&hall, around("50".into(), 5)).await;
    assert_eq!(numbers(&middle), [52, 51, 50, 49, 48]);
    let by_id = page(&hall, around(middle.items[2].id.to_string(), 5)).await;
    assert_eq!(by_id, middle);
    let older = page(
        &hall,
        cursor(middle.next_cursor.as_deref().expect("older"), 2),
    )
    .await;
    assert_eq!(numbers(&older), [47, 46]);
    let newer = page(
        &hall,
        cursor(middle.prev_cursor.as_deref().expect("newer"), 2),
    )
    .await;
    assert_eq!(numbers(&newer), [53, 54]);
    let end = page(&hall, around("100".into(), 5)).await;
    assert_eq!(numbers(&end), [100, 99, 98, 97, 96]);
    assert_eq!(end.prev_cursor, None);
    let all = page(&hall, around("7".into(), 100)).await;
    assert_eq!(all.items.len(), 100);
    assert_eq!((all.next_cursor, all.prev_cursor), (None, None));
}

#[tokio::test]
async fn r_m6_before_and_after_a_message_leave_it_out() {
    let hall = hall(1).await;
    hall.fill(10).await;
    let newest = page(&hall, HistoryQuery::default()).await;
    let fifth = newest.items[5].id.to_string();
    assert_eq!(newest.items[5].seq, 5);
    let before = HistoryQuery {
        before: Some(fifth.clone()),
        ..HistoryQuery::default()
    };
    assert_eq!(numbers(&page(&hall, before).await), [4, 3, 2, 1]);
    let after = HistoryQuery {
        after: Some(fifth),
        ..HistoryQuery::default()
    };
    assert_eq!(numbers(&page(&hall, after).await), [6, 7, 8, 9, 10]);
    for edge in [
        Window::Before(Place::Seq(i64::MAX)),
        Window::After(Place::Seq(0)),
    ] {
        let Read::Page(all) = read(&hall, hall.people[0], edge, 100).await else {
            panic!("the room is readable");
        };
        assert_eq!(all.items.len(), 10);
    }
    let nothing = HistoryQuery {
        after: Some(i64::MAX.to_string()),
        ..HistoryQuery::default()
    };
    assert_eq!(page(&hall, nothing).await.items, []);
}

#[tokio::test]
async fn r_m6_only_who_may_read_the_room_reads_it() {
    let (hall, other) = (hall(3).await, hall(1).await);
    hall.fill(1).await;
    let [creator, outsider, guest] = hall.people[..] else {
        panic!("three people");
    };
    let id = page(&hall, HistoryQuery::default()).await.items[0].id;
    let on_room = async |sql| hall.run(sql, &[(&hall.room.0, Type::UUID)]).await;
    let on = async |sql, user: UserId| hall.run(sql, &[(&user.0, Type::UUID)]).await;
    for user in [outsider, guest] {
        on("delete from room_members where user_id = $1", user).await;
    }
    on("update users set role = 'guest' where id = $1", guest).await;
    let sees = async |reader| {
        let listed = read(&hall, reader, Window::Latest, 50).await;
        let one = hall.store.message(hall.company, reader, id).await;
        let one = one.expect("an answer").is_some();
        assert_eq!(matches!(listed, Read::Page(_)), one);
        one
    };
    assert!(sees(creator).await);
    assert!(!sees(outsider).await, "a private room is for its members");
    assert!(!sees(other.people[0]).await, "another company");
    on_room("update rooms set type = 'public' where id = $1").await;
    assert!(
        sees(outsider).await,
        "anyone of the company reads a public room"
    );
    assert!(!sees(guest).await, "but a guest only where they were added");
    assert!(!sees(other.people[0]).await);
    on(
        "update users set status = 'suspended' where id = $1",
        outsider,
    )
    .await;
    assert!(!sees(outsider).await);
    on_room("update rooms set status = 'deleted' where id = $1").await;
    assert!(!sees(creator).await, "a deleted room is gone");
}

#[tokio::test]
async fn r_m6_a_place_in_another_room_is_not_found() {
    let (hall, other) = (hall(1).await, hall(1).await);
    other.fill(1).await;
    let foreign = page(&other, HistoryQuery::default()).await.items[0].id;
    for unknown in [foreign, MessageId(fresh_id())] {
        for window in [Window::Before, Window::After, Window::Around] {
            let found = read(&hall, hall.people[0], window(Place::Message(unknown)), 50).await;
            assert_eq!(found, Read::NoPlace);
        }
    }
}
