//! Files end to end: what is said about them, who may, where they are shown, how they are found and how they go.

mod change;
mod deleted;
mod find;
mod find_everywhere;
mod links;
mod log;
mod places;
mod review;
mod sending_versions;
mod thread_lists;
mod threads;
mod versions;

use serde_json::{Value, json};
use support::sender::{bytes, room, upload};
use support::{Answer, Person, Stack};

/// Somebody with a room and a file in it.
struct Shelf {
    stack: &'static Stack,
    owner: Person,
    room: String,
    file: String,
}

impl Shelf {
    /// One with a small file called `name`.
    async fn with(name: &str) -> Self {
        let stack = Stack::get().await;
        let owner = Person::register(stack).await;
        let room = room(&owner, "자료실").await;
        let file = put(&owner, &room, name, 1_000, 1).await;
        Self {
            stack,
            owner,
            room,
            file,
        }
    }

    /// The path of the file, with `rest` behind it.
    fn path(&self, rest: &str) -> String {
        format!("/v1/files/{}{rest}", self.file)
    }

    async fn see(&self, who: &Person) -> Answer {
        who.get(&self.path("")).await
    }

    /// A colleague who is in the room, with this access.
    async fn colleague(&self, access: &str) -> Person {
        let colleague = self.stack.person_in(&self.owner).await;
        support::sender::let_in(&self.owner, &self.room, &colleague, access).await;
        colleague
    }

    /// Makes somebody of the room one of its admins.
    async fn promote(&self, who: &Person) {
        let role = format!("/v1/chatrooms/{}/members/{}", self.room, who.id);
        let done = self.owner.patch(&role, json!({"role": "admin"}));
        drop(done.await.ok());
    }

    /// The room's last event.
    async fn last_event(&self, room: &str) -> Value {
        last_event(&self.owner, room).await
    }

    /// Bytes that the company stores.
    async fn used(&self) -> u64 {
        let storage = self.owner.get("/v1/company/storage").await.ok();
        storage["used_bytes"].as_u64().expect("a number")
    }

    /// Makes the file's deletion older than it is.
    async fn age(&self, days: i32) {
        let sql =
            "update files set deleted_at = deleted_at - make_interval(days => $2) where id = $1";
        let id: uuid::Uuid = self.file.parse().expect("an id");
        let done = self.stack.execute(sql, &[&id, &days]).await;
        assert_eq!(done.expect("Postgres answers"), 1);
    }

    /// Runs a schedule of the reaper; answers its report.
    async fn reap(&self, job: &str) -> Value {
        reap(self.stack, job).await
    }
}

/// Sends a file of `size` bytes; answers its id.
async fn put(person: &Person, room: &str, name: &str, size: usize, seed: u64) -> String {
    let file = upload(person, room, name, bytes(size, seed)).await;
    file["id"].as_str().expect("an id").to_owned()
}

async fn last_event(person: &Person, room: &str) -> Value {
    let mut events = events(person, room).await;
    events.pop().expect("an event")
}

/// The room's last events. What becomes known of contents by and by comes when it comes, and is left out.
async fn events(person: &Person, room: &str) -> Vec<Value> {
    let found = person.get(&format!("/v1/chatrooms/{room}")).await.ok();
    let after = found["last_seq"].as_i64().expect("a number") - 50;
    let path = format!("/v1/chatrooms/{room}/events?after={}", after.max(0));
    let page = person.get(&path).await.ok();
    let events = page["events"].as_array().expect("events").iter();
    let later = |event: &&Value| event["type"] != "file.preview" && event["type"] != "file.scanned";
    events.filter(later).cloned().collect()
}

/// A file without what becomes known of its content by and by.
fn plain(file: &Value) -> Value {
    let mut file = file.clone();
    let fields = file.as_object_mut().expect("a file");
    for later in ["preview", "scan_status"] {
        assert!(fields.remove(later).is_some(), "every file has its {later}");
    }
    file
}

async fn reap(stack: &Stack, job: &str) -> Value {
    let call = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a plain client");
    let answer = call
        .post(format!("{}/invoke/reap", stack.control))
        .body(json!({ "job": job }).to_string())
        .send()
        .await;
    let text = answer.expect("the control endpoint answers").text().await;
    let text = text.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

/// The ids of a list, in its order.
fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    items.iter().map(id).collect()
}
