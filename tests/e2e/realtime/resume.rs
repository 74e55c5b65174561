//! Reconnecting loses nothing and doubles nothing, as the client sees it.

use serde_json::{Value, json};
use support::socket::PATIENCE;
use support::{Person, RoomLog, Socket, Stack};

use super::reducer::load;
use super::{grow, last_seq, room, say};

fn seqs(events: &[Value], room: &str) -> Vec<i64> {
    let events = events.iter().filter(|event| event["room_id"] == room);
    events.filter_map(|event| event["seq"].as_i64()).collect()
}

#[tokio::test]
async fn r_r3_ping_tells_which_cursors_are_behind() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (quiet, busy) = (room(&minji, &[]).await, room(&minji, &[]).await);
    let mut socket = Socket::connect(stack, &minji).await;
    let (at_quiet, at_busy) = (
        last_seq(&minji, &quiet).await,
        last_seq(&minji, &busy).await,
    );
    grow(stack, &busy, 3).await;
    let foreign = app::clock::id().to_string();
    let cursors = json!({ "rooms": { &quiet: at_quiet, &busy: at_busy, &foreign: 1 } });
    let pong = socket.send("ping", cursors).await;
    assert_eq!(
        pong["data"]["rooms"],
        json!([{ "id": busy, "seq": at_busy + 3 }])
    );
    assert_eq!(pong["data"]["gone"], json!([foreign]));
}

#[tokio::test]
async fn r_r3_resume_brings_exactly_what_was_missed() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let (first, second) = (room(&minji, &[]).await, room(&minji, &[]).await);
    let (from_first, from_second) = (
        last_seq(&minji, &first).await,
        last_seq(&minji, &second).await,
    );
    grow(stack, &first, 1_200).await;
    grow(stack, &second, 7).await;
    let mut socket = Socket::connect(stack, &minji).await;
    let cursors = json!({ "rooms": { &first: from_first, &second: from_second } });
    let resumed = socket.send("resume", cursors).await;
    let data = &resumed["data"];
    assert_eq!(data["more"], false, "{resumed}");
    assert_eq!(data["rooms"][&first], from_first + 1_200);
    assert_eq!(data["rooms"][&second], from_second + 7);
    let events = socket.take_events();
    let expected: Vec<i64> = (from_first + 1..=from_first + 1_200).collect();
    assert_eq!(seqs(&events, &first), expected);
    assert_eq!(seqs(&events, &second).len(), 7);
    let again = json!({ "rooms": data["rooms"] });
    socket.send("resume", again).await;
    assert!(socket.take_events().is_empty(), "nothing comes twice");
}

#[tokio::test]
async fn r_r3_too_far_behind_is_a_reset_and_foreign_rooms_are_gone() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let stranger = Person::register(stack).await;
    let far = room(&minji, &[]).await;
    let foreign = room(&stranger, &[]).await;
    grow(stack, &far, 5_100).await;
    let mut socket = Socket::connect(stack, &minji).await;
    let cursors = json!({ "rooms": { &far: 1, &foreign: 0 } });
    let resumed = socket.send("resume", cursors).await;
    assert_eq!(resumed["data"]["reset"], json!([far]));
    assert_eq!(resumed["data"]["gone"], json!([foreign]));
    assert_eq!(resumed["data"]["rooms"], json!({}));
    assert!(socket.take_events().is_empty());
    // A cursor from beyond the log's end is no better.
    let resumed = socket
        .send("resume", json!({ "rooms": { &far: 99_999 } }))
        .await;
    assert_eq!(resumed["data"]["reset"], json!([far]));
    let events = format!("/v1/chatrooms/{far}/events?after=1");
    assert_eq!(minji.get(&events).await.ok()["reset"], true);
    let events = format!("/v1/chatrooms/{foreign}/events?after=0");
    assert_eq!(minji.get(&events).await.refusal(), (404, "not_found"));
}

#[tokio::test]
async fn r_r3_sockets_cut_at_random_end_with_the_same_room() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let sora = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno, &sora]).await;
    let talk = async {
        for n in 0..30 {
            let who = [&minji, &juno, &sora][n % 3];
            say(who, &room, &format!("message {n}")).await;
        }
        last_seq(&minji, &room).await
    };
    let listeners = [&minji, &juno, &sora].map(|person| {
        let room = &room;
        async move {
            let mut log = load(person, room).await;
            let mut cuts = 0;
            // 30 messages and what made the room.
            while log.messages.len() < 31 {
                let mut socket = Socket::connect(stack, person).await;
                let cursors = json!({ "rooms": { room: log.seq } });
                socket.send("resume", cursors).await;
                // Some are cut before they hear anything, the others in the middle of what they hear.
                for _ in 0..cuts % 5 {
                    if log.messages.len() == 31 {
                        break;
                    }
                    // What gets lost on its way is found by the next socket.
                    let Some(event) = socket.next_event(|_| true, PATIENCE).await else {
                        break;
                    };
                    log.take(&event);
                }
                socket.cut();
                cuts += 1;
                assert!(
                    cuts < 200,
                    "{} messages after {cuts} sockets",
                    log.messages.len()
                );
            }
            (log, cuts)
        }
    });
    let (last, ends) = tokio::join!(talk, futures_util::future::join_all(listeners));
    let snapshot: RoomLog = load(&minji, &room).await;
    assert_eq!(snapshot.seq, last);
    for (log, cuts) in ends {
        assert!(cuts > 1);
        assert_eq!(log, snapshot);
    }
}
