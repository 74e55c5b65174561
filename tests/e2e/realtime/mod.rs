//! Sockets: what they hear, what they may say, and what they do after they were cut off.

mod broadcast;
mod frames;
mod heal;
mod opening;
mod reducer;
mod resume;
mod shut_in;
mod sync;

use serde_json::{Value, json};
use support::{Person, Stack};
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// A private room of `owner` with `others` in it; answers its id.
async fn room(owner: &Person, others: &[&Person]) -> String {
    let members: Vec<Value> = others
        .iter()
        .map(|person| json!({ "user_id": person.id }))
        .collect();
    let name = format!("회의실 {}", app::clock::id());
    let room = owner.post(
        "/v1/chatrooms",
        json!({ "name": name, "type": "private", "members": members }),
    );
    let room = room.await.ok();
    room["id"].as_str().expect("an id").to_owned()
}

/// How often somebody who is too fast tries to say the same.
const TRIES: usize = 10;

/// Says something over REST; answers the message.
async fn say(person: &Person, room: &str, text: &str) -> Value {
    let path = format!("/v1/chatrooms/{room}/messages");
    for _ in 0..TRIES {
        let answer = person.post(&path, json!({ "content": text })).await;
        if answer.status != 429 {
            return answer.ok();
        }
        // Too fast for one person: wait as long as the answer says, as any client does.
        let wait = answer.header("retry-after").parse().expect("seconds");
        tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    }
    panic!("{text:?} is refused again and again");
}

/// The last seq of a room's log.
async fn last_seq(person: &Person, room: &str) -> i64 {
    let room = person.get(&format!("/v1/chatrooms/{room}")).await.ok();
    room["last_seq"].as_i64().expect("a seq")
}

/// Lets a room's log grow by `count` events, as if somebody had been busy.
async fn grow(stack: &Stack, room: &str, count: i64) {
    let (client, connection) = tokio_postgres::connect(&stack.postgres, NoTls)
        .await
        .expect("Postgres answers");
    tokio::spawn(connection);
    let room: Uuid = room.parse().expect("an id");
    let sql = "with grown as (
             update rooms set last_seq = last_seq + $2 where id = $1
             returning company_id, last_seq - $2 as seq
         )
         insert into room_events (company_id, room_id, seq, type, payload, at)
         select company_id, $1, seq + n, 'test.happened', jsonb_build_object('n', n), now()
         from grown, generate_series(1, $2) n";
    let grown = client
        .query_typed(sql, &[(&room, Type::UUID), (&count, Type::INT8)])
        .await;
    grown.expect("the log grows");
}
