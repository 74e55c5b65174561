//! What tells a process of the stack to end.

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Returns at the first signal that asks a program to end: Ctrl-C, `kill`, a closed terminal.
pub async fn asked_to_end() {
    tokio::select! {
        () = received(SignalKind::interrupt()) => {}
        () = received(SignalKind::terminate()) => {}
        () = received(SignalKind::hangup()) => {}
    }
}

/// Returns when standard input ends: whoever held the other end closed it or died.
pub async fn input_ended() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 256];
    // A broken pipe tells the same as a closed one.
    while stdin.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}

/// Lets a write that the system's limit on files (`ulimit -f`) refuses fail, instead of ending this process.
pub fn survive_file_limit() {
    // Listening is enough: it takes the place of what the signal would do.
    if let Err(error) = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())) {
        tracing::warn!(%error, "a full disk may end the stack");
    }
}

/// Sends a signal; a process that ended in this very moment needs none.
pub fn send(pid: Pid, sign: Signal) {
    if let Err(error) = kill_process(pid, sign) {
        tracing::debug!(%error, ?pid, "not signalled");
    }
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "a signal cannot be heard");
            std::future::pending::<()>().await;
        }
    }
}
