//! Servers that must never outlive us: each runs under a guard.
//!
//! A guard is this same program (`maru-local guard`) in a process group of its own, so that Ctrl-C at the
//! terminal reaches only the stack. It holds the reading end of a pipe whose writing end only the stack
//! has. When the stack closes it, or dies in any way at all, the guard ends its server in order.

pub mod guard;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::Error;

/// Lines of a log that are worth showing when its server failed.
const TAIL_LINES: usize = 12;

/// All servers of one stack: hears of those that end unasked, and can end all that are left.
#[derive(Debug, Clone)]
pub struct Children {
    lost: mpsc::UnboundedSender<&'static str>,
    guards: TaskTracker,
    end: CancellationToken,
}

/// A program to keep, and how.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What to call it in messages.
    pub name: &'static str,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Folder to run in.
    pub folder: PathBuf,
    /// Where all it prints goes.
    pub log: PathBuf,
    /// User and group to run as, if not ours.
    pub user: Option<User>,
    /// How long an orderly end may take.
    pub grace: Duration,
}

/// A user of the system, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// A server that can be stopped and started again, and that reports when it ends unasked.
#[derive(Debug)]
pub struct Server {
    spec: Spec,
    running: Mutex<Option<Running>>,
    children: Children,
}

#[derive(Debug)]
struct Running {
    /// Dropping it ends the server.
    hold: DropGuard,
    /// Ends when the guard has ended, and so the server.
    guard: JoinHandle<()>,
}

impl Children {
    /// None yet; the receiver gets the name of each server that ends although nobody stopped it.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<&'static str>) {
        let (lost, heard) = mpsc::unbounded_channel();
        let (guards, end) = (TaskTracker::new(), CancellationToken::new());
        (Self { lost, guards, end }, heard)
    }

    /// Ends every server, whoever still holds it, and waits until none is left.
    pub async fn end(&self) {
        self.end.cancel();
        self.guards.close();
        self.guards.wait().await;
    }
}

impl Server {
    /// Describes a server, one of `children`; nothing runs yet.
    #[must_use]
    pub fn new(spec: Spec, children: &Children) -> Self {
        Self {
            spec,
            running: Mutex::new(None),
            children: children.clone(),
        }
    }

    /// Starts it, unless it runs.
    ///
    /// # Errors
    /// When the process cannot be made.
    pub async fn start(&self) -> Result<(), Error> {
        let mut running = self.running.lock().await;
        if running.as_ref().is_some_and(|it| !it.guard.is_finished()) {
            return Ok(());
        }
        *running = Some(self.spawn()?);
        Ok(())
    }

    /// Ends it in order and waits until it is gone.
    pub async fn stop(&self) {
        if let Some(Running { hold, guard }) = self.running.lock().await.take() {
            drop(hold);
            if let Err(error) = guard.await {
                tracing::error!(%error, server = self.spec.name, "its guard was not awaited");
            }
        }
    }

    /// An error if it is not running any more.
    ///
    /// # Errors
    /// [`Error::PortTaken`] when it says so, else [`Error::ServerEnded`] with the end of its log.
    pub async fn check(&self) -> Result<(), Error> {
        match &*self.running.lock().await {
            Some(running) if !running.guard.is_finished() => Ok(()),
            _ => Err(self.ended()),
        }
    }

    /// What it printed last, as the reason why it ended.
    #[must_use]
    pub fn ended(&self) -> Error {
        Error::ServerEnded {
            name: self.spec.name,
            log: self.spec.log.clone(),
            tail: tail(&self.spec.log),
        }
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.spec.log
    }

    fn spawn(&self) -> Result<Running, Error> {
        let what = || format!("start {}", self.spec.name);
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.spec.log)
            .map_err(Error::io(format!("write {}", self.spec.log.display())))?;
        let mut command = Command::new(own_program());
        command
            .arg("guard")
            .args(["--grace-s", &self.spec.grace.as_secs().to_string()]);
        if let Some(user) = self.spec.user {
            command.args(["--user", &format!("{}:{}", user.uid, user.gid)]);
        }
        let mut child = command
            .arg("--")
            .args(&self.spec.command)
            .current_dir(&self.spec.folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(Error::io(what()))?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(Error::io(what()))?;
        let hold = child
            .stdin
            .take()
            .ok_or_else(|| Error::Said(format!("the guard of {} has no pipe", self.spec.name)))?;
        let end = self.children.end.child_token();
        let lost = self.children.lost.clone();
        let watch = watch(self.spec.name, child, hold, end.clone(), lost);
        Ok(Running {
            guard: self.children.guards.spawn(watch),
            hold: end.drop_guard(),
        })
    }
}

/// Waits for the end of a guard, which `end` asks for by letting go of its pipe.
async fn watch(
    name: &'static str,
    mut guard: Child,
    hold: ChildStdin,
    end: CancellationToken,
    lost: mpsc::UnboundedSender<&'static str>,
) {
    let ended = tokio::select! {
        ended = guard.wait() => ended,
        () = end.cancelled() => {
            drop(hold);
            guard.wait().await
        }
    };
    match ended {
        Ok(status) => tracing::debug!(%status, server = name, "ended"),
        Err(error) => tracing::error!(%error, server = name, "cannot wait for it"),
    }
    if !end.is_cancelled() {
        tell(&lost, name);
    }
}

fn tell(lost: &mpsc::UnboundedSender<&'static str>, name: &'static str) {
    if lost.send(name).is_err() {
        tracing::debug!(server = name, "ended after the stack stopped listening");
    }
}

/// This very program, even when its file was replaced by a newer build meanwhile.
#[must_use]
pub fn own_program() -> PathBuf {
    let link = Path::new("/proc/self/exe");
    if link.exists() {
        return link.to_path_buf();
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("maru-local"))
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..]
        .iter()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
