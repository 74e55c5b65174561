//! What a page of history costs Postgres: one round trip, and a walk along an index, in a room of any size.

use domain::history::{Place, Window};
use serde_json::Value;
use store::{Password, Read, Store};
use support::{Hall, Stack, WireCounter};
use tokio_postgres::types::Type;

async fn hall(people: usize) -> Hall {
    Hall::new(&Stack::get().await.postgres, people).await
}

#[tokio::test]
async fn r_m6_a_page_is_one_round_trip_along_the_index() {
    let (counter, url) = WireCounter::before(&Stack::get().await.postgres).await;
    let hall = hall(1).await;
    hall.fill(2_000).await;
    let store = Store::new(&url, Password::InAddress).expect("an address");
    store.ping().await.expect("Postgres answers");
    let found = hall
        .store
        .history(hall.company, hall.people[0], hall.room, Window::Latest, 1);
    let Ok(Read::Page(found)) = found.await else {
        panic!("the room is readable");
    };
    let newest = found.items[0].id;
    let windows = [
        Window::Latest,
        Window::Before(Place::Seq(1_000)),
        Window::After(Place::Message(newest)),
        Window::Around(Place::Message(newest)),
    ];
    for window in windows {
        counter.reset();
        let found = store.history(hall.company, hall.people[0], hall.room, window, 50);
        assert!(matches!(found.await.expect("an answer"), Read::Page(_)));
        let seen = counter.seen();
        assert_eq!((seen.round_trips, seen.named), (1, 0), "{seen:?}");
        assert_eq!(seen.statements.len(), 1, "{seen:?}");
        assert_walks_the_index(&hall, &seen.statements[0]).await;
    }
    counter.reset();
    let one = store.message(hall.company, hall.people[0], newest).await;
    assert!(one.expect("an answer").is_some());
    let seen = counter.seen();
    assert_eq!((seen.round_trips, seen.named), (1, 0), "{seen:?}");
}

/// Asks Postgres how it carries out the query inside the function of the statement that was really sent, under the
/// function's own settings.
async fn assert_walks_the_index(hall: &Hall, statement: &str) {
    let name = statement
        .split(['(', ' '])
        .find(|word| word.starts_with("message_page"));
    let functions = hall
        .run(
            "select prosrc, proconfig from pg_proc where proname = $1",
            &[(&name, Type::TEXT)],
        )
        .await;
    let (source, settings): (String, Vec<String>) = (functions[0].get(0), functions[0].get(1));
    let (_, query) = source
        .split_once("return query")
        .expect("it returns a query");
    let query = query
        .trim_end()
        .trim_end_matches("end")
        .trim_end()
        .trim_end_matches(';');
    hall.run("begin", &[]).await;
    for setting in settings {
        hall.run(&format!("set local {setting}"), &[]).await;
    }
    let rows = hall
        .run(
            &format!("explain (format json) {query}"),
            &[
                (&hall.company.0, Type::UUID),
                (&hall.people[0].0, Type::UUID),
                (&hall.room.0, Type::UUID),
                (&Some(1_000_i64), Type::INT8),
                (&None::<uuid::Uuid>, Type::UUID),
                (&1_i64, Type::INT8),
                (&51_i64, Type::INT8),
                (&51_i64, Type::INT8),
            ],
        )
        .await;
    hall.run("commit", &[]).await;
    assert_walks(&rows[0].get(0));
}

/// No sorting, and both ends of the range are in the index.
fn assert_walks(plan: &Value) {
    assert!(!plan.to_string().contains("\"Sort\""), "{plan:#}");
    let mut scans = Vec::new();
    collect(plan, &mut scans);
    scans.retain(|scan| scan["Relation Name"] == "messages");
    assert!(scans.len() >= 2, "{plan:#}");
    for scan in scans {
        assert_eq!(scan["Node Type"], "Index Scan", "{scan:#}");
        assert_eq!(scan["Index Name"], "messages_room_id_seq_key", "{scan:#}");
        let bounds = scan["Index Cond"].as_str().unwrap_or_default();
        assert!(
            bounds.contains("room_id =") && bounds.contains("seq "),
            "{scan:#}"
        );
    }
}

/// How many blocks of tables and indexes a page touches, as Postgres counts them.
async fn blocks(hall: &Hall, window: Window) -> i64 {
    let place = match window.place() {
        Some(Place::Seq(seq)) => Some(seq),
        _ => None,
    };
    let (older, newer) = window.reads(50);
    let rows = hall
        .run(
            "explain (analyze, buffers, format json) select * from message_page_2($1, $2, $3, $4, null, 0, $5, $6)",
            &[
                (&hall.company.0, Type::UUID),
                (&hall.people[0].0, Type::UUID),
                (&hall.room.0, Type::UUID),
                (&place, Type::INT8),
                (&older, Type::INT8),
                (&newer, Type::INT8),
            ],
        )
        .await;
    let plan: Value = rows[0].get(0);
    let count = |name: &str| plan[0]["Plan"][name].as_i64().expect("a count");
    count("Shared Hit Blocks") + count("Shared Read Blocks")
}

#[tokio::test]
async fn r_m6_a_page_of_a_large_room_touches_no_more_than_one_of_a_small_room() {
    let (small, large) = (hall(1).await, hall(1).await);
    small.fill(200).await;
    large.fill(30_000).await;
    for (in_small, in_large) in [
        (Window::Latest, Window::Latest),
        (
            Window::Before(Place::Seq(150)),
            Window::Before(Place::Seq(29_000)),
        ),
        (
            Window::Before(Place::Seq(150)),
            Window::Before(Place::Seq(150)),
        ),
        (
            Window::After(Place::Seq(50)),
            Window::After(Place::Seq(15_000)),
        ),
        (
            Window::Around(Place::Seq(100)),
            Window::Around(Place::Seq(15_000)),
        ),
    ] {
        // Once before, so that planning is not counted.
        blocks(&small, in_small).await;
        blocks(&large, in_large).await;
        let (few, many) = (
            blocks(&small, in_small).await,
            blocks(&large, in_large).await,
        );
        assert!(
            many <= few + 60,
            "{in_large:?}: {many} blocks, {few} in a small room"
        );
    }
}

/// Every scan of a table in a plan.
fn collect(node: &Value, scans: &mut Vec<Value>) {
    match node {
        Value::Object(fields) => {
            if fields.contains_key("Relation Name") {
                scans.push(node.clone());
            }
            fields.values().for_each(|field| collect(field, scans));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, scans)),
        _ => {}
    }
}
