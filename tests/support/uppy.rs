//! Uppy from npm, bundled with the page in `tests/uppy` that uses it.
//!
//! The lock file there names every package with its hash; they are kept below the target folder until it changes.

use std::path::Path;

use local::install::Package;
use tokio::process::Command;

use crate::tools::program;

/// The script of `tests/uppy/VERSION`, with everything that it imports.
///
/// # Panics
/// When npm is missing or cannot fetch the packages.
pub async fn bundle(version: &str) -> String {
    let npm = program(Package::Npm).await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("uppy")
        .join(version);
    let own = std::env::current_exe().expect("a program knows where it is");
    let target = own
        .ancestors()
        .nth(2)
        .expect("it stands in a target folder");
    let folder = target.join("uppy").join(version);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    // Other test processes use the same folder.
    let lock = std::fs::File::create(folder.join("in-use")).expect("it can be written");
    lock.lock().expect("it can be locked");
    let kept = std::fs::read(folder.join("package-lock.json")).unwrap_or_default();
    for name in ["package.json", "package-lock.json", "page.js"] {
        std::fs::copy(source.join(name), folder.join(name)).expect("it can be copied");
    }
    let wanted = std::fs::read(source.join("package-lock.json")).expect("it is committed");
    let run = async |args: &[&str]| {
        let made = Command::new(&npm)
            .args(args)
            .current_dir(&folder)
            .output()
            .await
            .expect("npm starts");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "npm {args:?}: {said}");
    };
    if kept != wanted || !folder.join("complete").exists() {
        drop(std::fs::remove_file(folder.join("complete")));
        run(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).await;
        std::fs::write(folder.join("complete"), "").expect("it can be written");
    }
    run(&["run", "build"]).await;
    std::fs::read_to_string(folder.join("bundle.js")).expect("it was built")
}
