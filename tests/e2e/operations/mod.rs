//! Running it: limits, calls that come twice, what is logged, what happens when a part is away.

mod away;
mod idempotency;
mod killed;
mod limits;
mod logs;
mod reap;

use serde_json::{Value, json};
use support::Person;

/// A public room of `owner`; answers its id.
async fn room(owner: &Person) -> String {
    let name = format!("상황실 {}", app::clock::id());
    let room = owner.post("/v1/chatrooms", json!({ "name": name, "type": "public" }));
    text(&room.await.ok()["id"])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
