//! A newer build takes over: instances are started from the program's file, so that after `cargo build`
//! the next call runs the new code, without a restart of the stack.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::lambda::Lambda;
use crate::say;

/// Between two looks at the file.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Ends all instances whenever the program's file was replaced, until the runtime ends.
pub(super) fn watch(lambda: &Lambda) {
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let lambda = lambda.clone();
    tokio::spawn(async move {
        let mut known = changed(&program);
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = settled(&program).await;
            if now.is_some() && now != known {
                known = now;
                for function in lambda.counters().into_keys() {
                    lambda.kill(&function);
                }
                say::note("a new build: its functions answer from the next call on");
            }
        }
    });
}

fn changed(program: &Path) -> Option<SystemTime> {
    program.metadata().ok()?.modified().ok()
}

/// The time of the file's last change, when it is not just being written.
async fn settled(program: &Path) -> Option<SystemTime> {
    let before = changed(program);
    tokio::time::sleep(LOOK_EVERY).await;
    let after = changed(program);
    after.filter(|_| before == after)
}
