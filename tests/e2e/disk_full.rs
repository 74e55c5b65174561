//! A disk that takes no more: who says so, what is left of what was being written, and that it passes.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use support::Person;
use support::launch::{Launch, Running};
use support::sender::{Sender, bytes, room, start};

const MIB: usize = 1 << 20;

/// The largest file that the stack may write from now on; `None`: any. It needs no privilege, and the system
/// refuses in the middle of a write, as a full disk does.
fn limit(running: &Running, size: Option<u64>) {
    let pid = i32::try_from(running.stack.pid)
        .ok()
        .and_then(Pid::from_raw);
    let maximum = getrlimit(Resource::Fsize).maximum;
    let current = size.or(maximum);
    prlimit(pid, Resource::Fsize, Rlimit { current, maximum }).expect("the stack is ours");
}

/// What is in `folder`.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut found): (Vec<_>, Vec<_>) =
        entries(folder).into_iter().partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found.sort();
    found
}

#[tokio::test]
async fn a_part_that_the_disk_does_not_take_is_refused_leaves_nothing_and_passes_later() {
    let running = Launch::temporary().start().expect("the stack starts");
    let person = Person::register(&running.stack).await;
    let room = room(&person, "자료실").await;
    let sender = Sender::begin(&person, &room, "큰 파일.bin", bytes(40 * MIB, 7)).await;
    sender.send(&person, &[1]).await;
    let store = running.stack.data.join("s3");
    let before = files(&store);

    let signed = sender.sign(&person, &[2]).await.ok();
    limit(&running, Some(10 << 20));
    let (status, said) = sender.put(&signed[0], sender.part(2)).await;
    assert_eq!(status, 503, "{said}");
    for words in [
        "<Code>SlowDown</Code>",
        "is full",
        "--data",
        &store.display().to_string(),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(files(&store), before);
    let seen = sender.see(&person).await;
    assert_eq!(seen["missing"], serde_json::json!([{"from": 2, "to": 3}]));

    limit(&running, None);
    sender.send(&person, &[2, 3]).await;
    assert_eq!(sender.complete(&person).await.ok()["size"], 40 * MIB);
}

#[tokio::test]
async fn an_upload_that_cannot_begin_is_told_so_and_leaves_nothing() {
    let running = Launch::temporary().start().expect("the stack starts");
    let person = Person::register(&running.stack).await;
    let room = room(&person, "자료실").await;
    let store = running.stack.data.join("s3");
    let uploads = store.join(&running.stack.bucket).join("uploads");
    let begin = async || {
        let body = start(&room, "a.bin", 5, "none");
        person.post("/v1/uploads", body).await
    };
    // An instance that is there already is not limited.
    assert_eq!(begin().await.status, 201);
    let before = (files(&store), entries(&uploads).len());

    limit(&running, Some(0));
    let refused = begin().await;
    assert_eq!(refused.refusal(), (503, "unavailable"));
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!((files(&store), entries(&uploads).len()), before);

    limit(&running, None);
    assert_eq!(begin().await.status, 201);
}

#[tokio::test]
async fn a_start_on_a_full_disk_names_it_with_what_to_do() {
    // Nothing fits on what this is mounted from.
    let data = Path::new("/proc/maru-full");
    let refused = Launch::on(data).start().expect_err("there is no room");
    assert_eq!(refused.status.code(), Some(1));
    for words in [
        "only 0 MB are free on the disk of /proc/maru-full",
        "free some",
        "--data",
    ] {
        assert!(refused.said.contains(words), "{words}: {}", refused.said);
    }
}
