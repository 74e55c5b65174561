//! Every durable event to every connected member, and to nobody else.

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::socket::PATIENCE;
use support::{Person, Socket, Stack};

use super::{last_seq, room, say};

async fn people(stack: &Stack, owner: &Person, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(stack.person_in(owner).await);
    }
    people
}

fn of(room: &str) -> impl Fn(&Value) -> bool {
    move |event| event["room_id"] == room && event["seq"].is_i64()
}

#[tokio::test]
async fn r_r1_one_socket_carries_all_rooms() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let (first, second) = (room(&minji, &[&juno]).await, room(&minji, &[&juno]).await);
    let mut socket = Socket::connect(stack, &juno).await;
    for room in [&first, &second] {
        let said = say(&minji, room, "여러분 안녕하세요").await;
        let event = socket.event(of(room)).await;
        assert_eq!(event["type"], "message.created");
        assert_eq!(event["seq"], said["seq"]);
        assert_eq!(event["actor"], json!(minji.id));
        assert_eq!(event["data"], said, "the event is what REST answers");
    }
}

#[tokio::test]
async fn r_r2_every_socket_hears_every_event_in_order() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let others = people(stack, &minji, 4).await;
    let room = room(&minji, &others.iter().collect::<Vec<_>>()).await;
    let mut sockets = Vec::new();
    for person in others.iter().chain([&minji]) {
        for _ in 0..3 {
            sockets.push(Socket::connect(stack, person).await);
        }
    }
    let first = last_seq(&minji, &room).await + 1;
    let senders = others.iter().map(|person| {
        let room = &room;
        async move {
            for n in 0..8 {
                say(person, room, &format!("message {n}")).await;
            }
        }
    });
    join_all(senders).await;
    let expected: Vec<i64> = (first..first + 32).collect();
    for socket in &mut sockets {
        let mut seqs = Vec::new();
        while seqs.len() < expected.len() {
            seqs.push(
                socket.event(of(&room)).await["seq"]
                    .as_i64()
                    .expect("a seq"),
            );
        }
        seqs.sort_unstable();
        assert_eq!(seqs, expected);
    }
}

#[tokio::test]
async fn r_m1_a_message_by_socket_is_a_message_by_rest() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &minji).await;
    let data = json!({ "room_id": room, "content": "  안녕  ", "client_id": "once" });
    let answer = socket.send("message.send", data).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["data"]["content"], "안녕");
    let path = format!("/v1/chatrooms/{room}/messages");
    let body = json!({ "content": "안녕", "client_id": "once" });
    assert_eq!(minji.post(&path, body).await.ok(), answer["data"]);
    let other = json!({ "room_id": room, "content": "anders", "client_id": "once" });
    let refused = socket.send("message.send", other).await;
    assert_eq!(refused["error"]["code"], "client_id_reused");
    assert_eq!(refused["error"]["status"], 409);
    let blank = json!({ "room_id": room, "content": " " });
    let refused = socket.send("message.send", blank).await;
    assert_eq!(refused["error"]["errors"][0]["field"], "content");
    let nowhere = json!({ "room_id": app::clock::id(), "content": "hello" });
    let refused = socket.send("message.send", nowhere).await;
    assert_eq!(refused["error"]["code"], "not_found");
}

#[tokio::test]
async fn r_c3_removal_cuts_live_events() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let mut socket = Socket::connect(stack, &juno).await;
    say(&minji, &room, "before").await;
    socket.event(of(&room)).await;
    let path = format!("/v1/chatrooms/{room}/members/{}", juno.id);
    assert!(minji.delete(&path).await.status.is_success());
    let last = socket.event(of(&room)).await;
    assert_eq!(last["type"], "member.removed");
    assert_eq!(last["data"]["user_ids"], json!([juno.id]));
    say(&minji, &room, "after").await;
    // A round trip through the same socket: whatever was on its way before it has arrived by then.
    let cursors = json!({ "rooms": { &room: last["seq"] } });
    let pong = socket.send("ping", cursors).await;
    assert_eq!(pong["data"]["gone"], json!([room]));
    let heard = socket.take_events();
    assert!(heard.is_empty(), "{heard:?}");
}

#[tokio::test]
async fn r_c3_removal_races_with_senders_and_nothing_after_it_is_heard() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let others = people(stack, &minji, 4).await;
    for round in 0..4 {
        let juno = stack.person_in(&minji).await;
        let mut members: Vec<&Person> = others.iter().collect();
        members.push(&juno);
        let room = room(&minji, &members).await;
        let mut socket = Socket::connect(stack, &juno).await;
        let talk = join_all(others.iter().map(|person| {
            let room = &room;
            async move {
                for n in 0..5 {
                    say(person, room, &format!("message {n}")).await;
                }
            }
        }));
        let remove = async {
            // Each time at another moment of the talk.
            for _ in 0..4 * round {
                socket.event(of(&room)).await;
            }
            let path = format!("/v1/chatrooms/{room}/members/{}", juno.id);
            assert!(minji.delete(&path).await.status.is_success());
        };
        tokio::join!(talk, remove);
        let events = minji
            .get(&format!("/v1/chatrooms/{room}/events?limit=500"))
            .await
            .ok();
        let removed = events["events"].as_array().expect("events").iter();
        let removed = removed.filter(|event| event["type"] == "member.removed");
        let removed = removed
            .map(|event| event["seq"].as_i64())
            .next()
            .expect("it is logged");
        for event in socket.come_by_now().await {
            assert!(
                event["seq"].as_i64() <= removed,
                "{event} after {removed:?}"
            );
        }
    }
}

#[tokio::test]
async fn r_r1_whoever_comes_in_hears_from_then_on() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[]).await;
    let mut socket = Socket::connect(stack, &juno).await;
    say(&minji, &room, "not yet").await;
    let path = format!("/v1/chatrooms/{room}/members");
    let members = json!({ "members": [{ "user_id": juno.id }] });
    minji.post(&path, members).await.ok();
    let event = socket.event(of(&room)).await;
    assert_eq!(event["type"], "member.added");
    say(&minji, &room, "now").await;
    assert_eq!(socket.event(of(&room)).await["data"]["content"], "now");
}

#[tokio::test]
async fn r_r4_typing_is_seen_by_the_room_and_kept_nowhere() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let sora = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let mut writer = Socket::connect(stack, &minji).await;
    let mut reader = Socket::connect(stack, &juno).await;
    let mut outsider = Socket::connect(stack, &sora).await;
    let before = last_seq(&minji, &room).await;
    let typing = json!({ "room_id": room });
    assert_eq!(
        writer.send("typing.start", typing.clone()).await["ok"],
        true
    );
    let seen = reader
        .event(|event| event["type"] == "typing.started")
        .await;
    assert_eq!(seen["data"]["user_id"], json!(minji.id));
    assert!(seen.get("seq").is_none());
    assert_eq!(last_seq(&minji, &room).await, before);
    let refused = outsider.send("typing.start", typing).await;
    assert_eq!(refused["error"]["code"], "not_found");
    assert!(outsider.take_events().is_empty());
}

#[tokio::test]
async fn r_m8_a_read_marker_moves_on_my_other_devices() {
    let stack = Stack::get().await;
    let minji = Person::register(stack).await;
    let juno = stack.person_in(&minji).await;
    let room = room(&minji, &[&juno]).await;
    let seq = say(&minji, &room, "read me").await["seq"].clone();
    let (mut phone, mut desk) = (
        Socket::connect(stack, &juno).await,
        Socket::connect(stack, &juno).await,
    );
    let marked = phone
        .send("read.mark", json!({ "room_id": room, "seq": seq }))
        .await;
    assert_eq!(marked["data"]["read_seq"], seq, "{marked}");
    let event = desk
        .next_event(|event| event["type"] == "read.marked", PATIENCE)
        .await;
    assert_eq!(event.expect("it comes")["data"]["unread_count"], 0);
}
