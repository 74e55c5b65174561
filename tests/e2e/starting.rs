//! A start that cannot succeed says why and ends; one that is not wanted any more ends too.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::launch::{Launch, processes_on, program};

use crate::lifecycle::{PATIENCE, nobody_left_on};

/// Every function of the template.
const FUNCTIONS: [&str; 16] = [
    "announce",
    "auth",
    "files",
    "inspect",
    "messages",
    "migrate",
    "previews",
    "realtime",
    "reap",
    "rooms",
    "status",
    "uploads",
    "ws-authorize",
    "ws-connect",
    "ws-disconnect",
    "ws-message",
];

/// Deployed functions of which one is this shell script instead of itself, beside the data folder.
fn binaries(data: &Path, spoilt: &str, script: &str) -> PathBuf {
    let folder = data.with_extension("binaries");
    for name in FUNCTIONS {
        let own = folder.join(format!("maru-{name}"));
        std::fs::create_dir_all(&own).expect("a folder can be made");
        let whole = format!("exec '{}' function {name}", program().display());
        let script = if name == spoilt { script } else { &whole };
        let file = own.join("bootstrap");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("a file can be written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))
            .expect("a file can be made a program");
    }
    folder
}

fn with(launch: Launch, binaries: &Path) -> Launch {
    launch
        .arg("--binaries")
        .arg(binaries.to_str().expect("a path in UTF-8"))
}

#[tokio::test]
async fn a_function_that_exits_at_once_is_named_with_what_it_said() {
    let launch = Launch::temporary();
    let data = launch.data().to_path_buf();
    let folder = binaries(&data, "auth", "echo 'no luck today' >&2; exit 3");
    let refused = with(launch, &folder).begin().ended(PATIENCE);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.said);
    for words in [
        "the function `auth` cannot start",
        "exit status: 3",
        "no luck today",
        "start again",
    ] {
        assert!(refused.said.contains(words), "{words}: {}", refused.said);
    }
    assert_eq!(processes_on(&data), Vec::<String>::new());
    assert!(!data.exists());
    std::fs::remove_dir_all(folder).expect("a folder can be removed");
}

#[tokio::test]
async fn a_program_that_cannot_run_is_named() {
    let launch = Launch::temporary();
    let data = launch.data().to_path_buf();
    let folder = binaries(&data, "migrate", "");
    let program = folder.join("maru-migrate/bootstrap");
    std::fs::write(&program, "#!/no/such/shell\n").expect("a file can be written");
    let refused = with(launch, &folder).begin().ended(PATIENCE);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.said);
    for words in [
        "the function `migrate` cannot start",
        "maru-migrate/bootstrap: No such file",
    ] {
        assert!(refused.said.contains(words), "{words}: {}", refused.said);
    }
    assert_eq!(processes_on(&data), Vec::<String>::new());
    std::fs::remove_dir_all(folder).expect("a folder can be removed");
}

#[tokio::test]
async fn a_variable_that_the_template_lacks_is_named() {
    let launch = Launch::temporary();
    let data = launch.data().to_path_buf();
    let whole = std::fs::read_to_string(local::data::template()).expect("the template is there");
    let lines = whole.lines().filter(|line| !line.contains("MARU_TABLE: "));
    let lacking = lines.collect::<Vec<_>>().join("\n");
    let template = data.with_extension("yaml");
    std::fs::write(&template, lacking).expect("a file can be written");
    let path = template.to_str().expect("a path in UTF-8");
    let refused = launch.arg("--template").arg(path).begin().ended(PATIENCE);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.said);
    for words in ["the function `auth` cannot start", "MARU_TABLE", path] {
        assert!(refused.said.contains(words), "{words}: {}", refused.said);
    }
    assert_eq!(processes_on(&data), Vec::<String>::new());
    std::fs::remove_file(template).expect("a file can be removed");
}

#[tokio::test]
async fn it_can_be_ended_at_any_moment_of_its_start() {
    let data = std::env::temp_dir().join(format!("maru-early-{}", std::process::id()));
    for words in ["starting on", "S3", "Redis", "Postgres", "migrate"] {
        let mut starting = Launch::on(&data).begin();
        starting.until_said(words);
        starting.terminate();
        let ended = starting.ended(PATIENCE);
        assert!(!ended.said.contains("  ready"), "{}", ended.said);
        nobody_left_on(&data).await;
    }
    // Nothing that was cut short is in the way of a whole start.
    let mut whole = Launch::on(&data)
        .arg("--temporary")
        .start()
        .expect("the stack starts");
    assert!(whole.terminate().success());
}

#[tokio::test]
async fn it_can_be_ended_while_a_function_does_not_come_up() {
    let launch = Launch::temporary();
    let data = launch.data().to_path_buf();
    let folder = binaries(&data, "migrate", "touch \"$0.runs\"; exec sleep 600");
    let starting = with(launch, &folder).begin();
    let runs = folder.join("maru-migrate/bootstrap.runs");
    let until = Instant::now() + PATIENCE;
    while !runs.exists() {
        assert!(Instant::now() < until, "the function is never started");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    starting.terminate();
    let ended = starting.ended(PATIENCE);
    assert!(ended.status.success(), "{}", ended.said);
    nobody_left_on(&data).await;
    assert!(!data.exists());
    std::fs::remove_dir_all(folder).expect("a folder can be removed");
}
