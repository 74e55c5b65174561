//! The local stack itself: it leaves nothing behind, and says what keeps it from starting.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use support::launch::{Launch, processes_on};

/// How long servers may take to end in order.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns when no process has to do with the folder any more.
pub(crate) async fn nobody_left_on(data: &Path) {
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    let until = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < until {
        if processes_on(data).is_empty() {
            return;
        }
        looks.tick().await;
    }
    panic!("still there: {:#?}", processes_on(data));
}

#[tokio::test]
async fn ending_it_leaves_no_process_and_no_folder() {
    let mut running = Launch::temporary().start().expect("the stack starts");
    let data = running.stack.data.clone();
    assert!(processes_on(&data).len() >= 3, "{:?}", processes_on(&data));
    assert!(running.terminate().success());
    assert_eq!(processes_on(&data), Vec::<String>::new());
    assert!(!data.exists());
}

#[tokio::test]
async fn the_end_of_its_parent_ends_it() {
    let mut running = Launch::temporary().start().expect("the stack starts");
    let data = running.stack.data.clone();
    assert!(running.let_go().success());
    assert_eq!(processes_on(&data), Vec::<String>::new());
}

#[tokio::test]
async fn killing_it_leaves_no_process_and_whole_data() {
    let launch = Launch::temporary();
    let data = launch.data().to_path_buf();
    let mut running = launch.start().expect("the stack starts");
    running.kill();
    nobody_left_on(&data).await;
    let mut again = Launch::on(&data)
        .arg("--temporary")
        .start()
        .expect("it starts on the data of the killed one");
    assert!(again.terminate().success());
}

#[tokio::test]
async fn a_second_one_on_the_same_data_is_refused() {
    let mut running = Launch::temporary().start().expect("the stack starts");
    let refused = Launch::on(&running.stack.data)
        .start()
        .expect_err("the folder is taken");
    assert_eq!(refused.status.code(), Some(1));
    let pid = running.stack.pid.to_string();
    assert!(refused.said.contains("another stack"), "{}", refused.said);
    assert!(refused.said.contains(&pid), "{}", refused.said);
    assert!(running.terminate().success());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port();
    let launch = Launch::temporary().port(port);
    let data = launch.data().to_path_buf();
    let refused = launch.start().expect_err("the port is taken");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.said.contains(&format!("port {port} is taken")),
        "{}",
        refused.said
    );
    assert_eq!(processes_on(&data), Vec::<String>::new());
}

#[tokio::test]
async fn a_missing_server_is_named_with_what_to_do() {
    let launch = Launch::temporary().env("PATH", "");
    let data = launch.data().to_path_buf();
    let refused = launch.start().expect_err("Redis is nowhere");
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.said.contains("is missing"), "{}", refused.said);
    assert!(refused.said.contains("install it with"), "{}", refused.said);
    assert_eq!(processes_on(&data), Vec::<String>::new());
}

#[tokio::test]
async fn data_of_another_postgres_is_refused() {
    let mut running = {
        let data = std::env::temp_dir().join(format!("maru-old-{}", std::process::id()));
        Launch::on(&data).start().expect("the stack starts")
    };
    let data = running.stack.data.clone();
    assert!(running.terminate().success());
    std::fs::write(data.join("postgres/data/PG_VERSION"), "9\n").expect("the data can be aged");
    let refused = Launch::on(&data)
        .arg("--temporary")
        .start()
        .expect_err("the data is too old");
    assert!(
        refused.said.contains("was made by PostgreSQL 9"),
        "{}",
        refused.said
    );
    assert!(refused.said.contains("--reset"), "{}", refused.said);
}
