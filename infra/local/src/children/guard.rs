//! `maru-local guard`: keeps one server, and ends it when the pipe from the stack closes.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

use crate::options::Guard;
use crate::{Error, signals};

/// How long a server may take to end at once, after it did not end in order.
const IMMEDIATE: Duration = Duration::from_secs(3);

/// Runs the server until it ends or the pipe closes.
///
/// # Errors
/// When the server cannot be started or waited for.
pub async fn run(guard: Guard) -> Result<ExitCode, Error> {
    let mut child = start(&guard)?;
    let ended = tokio::select! {
        status = child.wait() => Some(status),
        () = told_to_stop() => None,
    };
    let status = match ended {
        Some(status) => status,
        None => stop(&mut child, Duration::from_secs(guard.grace_s)).await,
    }
    .map_err(Error::io("wait for the server"))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn start(guard: &Guard) -> Result<Child, Error> {
    let (program, args) = guard
        .command
        .split_first()
        .ok_or_else(|| Error::Said("a guard needs a program".to_owned()))?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).process_group(0);
    if let Some((uid, gid)) = guard.user.as_deref().and_then(|user| user.split_once(':')) {
        let number = |text: &str| {
            text.parse::<u32>()
                .map_err(|_| Error::Said(format!("`{text}` is no user or group number")))
        };
        // Changing the user also gives up all further groups.
        command.uid(number(uid)?).gid(number(gid)?);
    }
    command
        .spawn()
        .map_err(Error::io(format!("start {program}")))
}

/// Returns when the stack closed its end of the pipe, or somebody signals the guard itself.
async fn told_to_stop() {
    tokio::select! {
        () = signals::input_ended() => {}
        () = signals::asked_to_end() => {}
    }
}

/// Asks for an orderly end, then for an immediate one, then kills.
async fn stop(child: &mut Child, grace: Duration) -> std::io::Result<std::process::ExitStatus> {
    // To Postgres INT means: end every session and shut down; to Redis: save nothing and exit.
    for (sign, patience) in [(Signal::INT, grace), (Signal::QUIT, IMMEDIATE)] {
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            signals::send(pid, sign);
        }
        if let Ok(status) = tokio::time::timeout(patience, child.wait()).await {
            return status;
        }
    }
    child.kill().await?;
    child.wait().await
}
