//! What an upload costs: round trips to Postgres, as they really travel.

use app::uploads::{self, Deps, Outcome};
use app::{Caller, Client, config};
use store::{Password, Store};
use support::WireCounter;
use support::sender::{Sender, bucket, bytes, start};
use wire::rest::uploads::StartUpload;

use super::{Desk, MIB, desk};

/// What the uploads function has, with a counter before Postgres.
async fn counted(desk: &Desk) -> (WireCounter, Deps) {
    let (counter, url) = WireCounter::before(&desk.stack.postgres).await;
    let store = Store::new(&url, Password::InAddress).expect("an address");
    store.ping().await.expect("Postgres answers");
    let deps = Deps {
        store,
        live: support::quiet_live(&desk.stack),
        files: bucket(&desk.stack),
        config: config::Uploads::default(),
    };
    (counter, deps)
}

fn caller(desk: &Desk) -> Caller {
    Caller {
        user: desk.person.id,
        company: desk.person.company,
        session: desk.person.session,
        client: Client {
            at: app::clock::now(),
            address: String::new(),
            user_agent: String::new(),
            request_id: "cost".to_owned(),
        }
        .into(),
    }
}

fn draft(desk: &Desk, name: &str) -> domain::upload::Draft {
    let body = start(&desk.room, name, 5, "none");
    let request: StartUpload = serde_json::from_value(body).expect("a request");
    request.parse().expect("a draft")
}

#[tokio::test]
async fn r_u7_beginning_is_one_round_trip_for_one_file_and_for_fifty() {
    let desk = desk().await;
    let (counter, deps) = counted(&desk).await;
    counter.reset();
    let begun = uploads::begin(&deps, &caller(&desk), draft(&desk, "a")).await;
    assert!(begun.is_ok(), "{begun:?}");
    let seen = counter.seen();
    assert_eq!((seen.round_trips, seen.named), (1, 0), "{seen:?}");
    let items = (0..50).map(|n| Ok(draft(&desk, &format!("{n}")))).collect();
    counter.reset();
    let language = wire::problem::Language::English;
    let batch = uploads::begin_batch(&deps, &caller(&desk), items, language).await;
    assert_eq!(batch.expect("a batch").results.len(), 50);
    let seen = counter.seen();
    assert_eq!((seen.round_trips, seen.named), (1, 0), "{seen:?}");
}

#[tokio::test]
async fn r_u2_completing_is_two_round_trips() {
    let desk = desk().await;
    let (counter, deps) = counted(&desk).await;
    let sender = Sender::begin(&desk.person, &desk.room, "a.bin", bytes(17 * MIB, 1)).await;
    sender.send_all(&desk.person).await;
    counter.reset();
    let id = sender.id.parse().expect("an id");
    let done = uploads::complete(&deps, &caller(&desk), id).await;
    assert!(matches!(done, Ok(Outcome::Done(_))), "{done:?}");
    let seen = counter.seen();
    assert_eq!((seen.round_trips, seen.named), (2, 0), "{seen:?}");
}
