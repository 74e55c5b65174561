//! What rooms write into their log, under fire: no gaps, nothing that cannot be rebuilt, one round trip a call.

use domain::RoomId;
use domain::room::{Kind, Role, SeatChange};
use futures_util::future::join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{RoomsFilter, RoomsScope};
use support::chatroom::{Dice, draft};
use support::{Hall, Stack, WireCounter};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use wire::event::room::{
    MembersChanged, MembersIn, MembersOut, RoomCreated, RoomMoved, RoomUpdated,
};
use wire::rest::members::MemberView;
use wire::rest::rooms::RoomFacts;

/// An event of a log.
struct Logged {
    seq: i64,
    kind: String,
    data: Value,
    at: OffsetDateTime,
}

#[tokio::test]
async fn r_m3_the_log_of_a_busy_room_has_no_gaps_and_rebuilds_it() {
    let hall = Hall::new(&Stack::get().await.postgres, 12).await;
    let (room, _) = hall.chatroom(&hall.store, &draft(Kind::Public, 100)).await;
    let busy = hall.people[1..].iter().enumerate().map(|(n, user)| {
        let hall = &hall;
        async move {
            let store = hall.another_store();
            let mut dice = Dice(0x9e37_79b9 + n as u64);
            for _ in 0..25 {
                hall.shake(&store, room, *user, &mut dice).await;
            }
        }
    });
    join_all(busy).await;
    let log = log(&hall, room).await;
    let numbers: Vec<i64> = log.iter().map(|event| event.seq).collect();
    let end = i64::try_from(log.len()).expect("a short log");
    assert_eq!(numbers, (1..=end).collect::<Vec<_>>());

    let (facts, mut members) = replay(&log);
    let found = hall.found(room, hall.people[0]).await;
    assert_eq!(json(facts), json(RoomFacts::from(found.room)));
    members.sort_by_key(|member| member.user_id);
    let page = hall
        .store
        .room_members(hall.company, hall.people[0], room, None, "", 100);
    let stored = page.await.expect("Postgres answers").expect("visible");
    let stored: Vec<MemberView> = stored.into_iter().map(Into::into).collect();
    assert_eq!(json(members), json(stored));
}

#[tokio::test]
async fn each_call_is_one_round_trip() {
    let stack = Stack::get().await;
    let (counter, url) = WireCounter::before(&stack.postgres).await;
    let hall = Hall::new(&stack.postgres, 3).await;
    let store = Hall::new(&url, 1).await.store;
    store.ping().await.expect("Postgres answers");
    let (me, other) = (hall.people[0], hall.people[1]);
    counter.reset();
    let (room, _) = hall.chatroom(&store, &draft(Kind::Public, 10)).await;
    drop(store.join_room(&hall.act_in(room, other)).await);
    let change = SeatChange {
        role: Some(Role::Admin),
        access: None,
    };
    drop(
        store
            .change_member(&hall.act_in(room, me), other, change)
            .await,
    );
    drop(store.mark_read(hall.company, me, room, 2).await);
    let filter = RoomsFilter {
        scope: RoomsScope::Mine,
        kind: None,
        status: None,
        name: "",
        after: None,
        limit: 100,
    };
    drop(store.rooms(hall.company, me, &filter).await);
    drop(
        store
            .room_members(hall.company, me, room, None, "", 10)
            .await,
    );
    let seen = counter.seen();
    assert_eq!(
        (seen.round_trips, seen.named),
        (6, 0),
        "{:?}",
        seen.statements
    );
}

/// What a client holds that knows nothing but the log.
fn replay(log: &[Logged]) -> (RoomFacts, Vec<MemberView>) {
    let (mut facts, mut members): (Option<RoomFacts>, Vec<MemberView>) = (None, vec![]);
    for event in log {
        let (kind, data) = (&event.kind, &event.data);
        let count = match kind.as_str() {
            "room.created" => {
                let made: RoomCreated = read(data);
                (facts, members) = (Some(made.room), made.members);
                None
            }
            "room.updated" => {
                facts = Some(read::<RoomUpdated>(data).room);
                None
            }
            "room.archived" | "room.restored" => {
                facts = Some(read::<RoomMoved>(data).room);
                None
            }
            "member.added" | "member.joined" => {
                let came: MembersIn = read(data);
                members.extend(came.members);
                Some(came.member_count)
            }
            "member.left" | "member.removed" => {
                let went: MembersOut = read(data);
                members.retain(|member| !went.user_ids.contains(&member.user_id));
                Some(went.member_count)
            }
            "member.changed" => {
                let changed: MembersChanged = read(data);
                for now in changed.members {
                    members.retain(|member| member.user_id != now.user_id);
                    members.push(now);
                }
                Some(changed.member_count)
            }
            _ => None,
        };
        let facts = facts.as_mut().expect("the log begins with room.created");
        facts.last_seq = event.seq;
        facts.last_activity_at = facts.last_activity_at.max(event.at);
        facts.member_count = count.unwrap_or(facts.member_count);
        facts.message_count += i64::from(kind == "message.created");
    }
    (facts.expect("a log"), members)
}

async fn log(hall: &Hall, room: RoomId) -> Vec<Logged> {
    let rows = hall.run(
        "select seq, type, payload, at from room_events where company_id = $1 and room_id = $2 order by seq",
        &[(&hall.company.0, Type::UUID), (&room.0, Type::UUID)],
    ).await;
    let logged = |row: &tokio_postgres::Row| Logged {
        seq: row.get(0),
        kind: row.get(1),
        data: row.get(2),
        at: row.get(3),
    };
    rows.iter().map(logged).collect()
}

fn read<T: DeserializeOwned>(data: &Value) -> T {
    T::deserialize(data).unwrap_or_else(|error| panic!("{error}: {data:#}"))
}

/// As clients see it: times to the millisecond.
fn json(view: impl Serialize) -> Value {
    serde_json::to_value(view).expect("a view is JSON")
}
