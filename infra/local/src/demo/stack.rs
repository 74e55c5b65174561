//! The stack under the demo: the one that runs, or one of its own that ends with it.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Error;
use crate::ready::Ready;
use crate::say;

/// A stack that is ready.
pub(super) struct Stack {
    ready: Ready,
    own: Option<Child>,
}

impl Stack {
    /// The stack that runs on `data`; when none does, one is started on free ports.
    pub(super) async fn find_or_start(data: &Path) -> Result<Self, Error> {
        if let Ok(ready) = Ready::running(data) {
            return Ok(Self { ready, own: None });
        }
        say::note("No stack is running; starting one for the demo.");
        let program = std::env::current_exe().map_err(Error::Process)?;
        let mut child = Command::new(program)
            .args(["up", "--json", "--parent-pipe", "--port", "0", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::Process)?;
        let ended = || Error::Unexpected("the stack ended before it was ready".to_owned());
        let output = child.stdout.take().ok_or_else(ended)?;
        let line = BufReader::new(output)
            .lines()
            .next_line()
            .await
            .map_err(Error::Process)?;
        let ready = serde_json::from_str(&line.ok_or_else(ended)?)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok(Self {
            ready,
            own: Some(child),
        })
    }

    /// Its addresses and people.
    pub(super) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Ends it if it was started for the demo, and waits until it is gone.
    pub(super) async fn end(mut self) {
        if let Some(mut child) = self.own.take() {
            // The end of its input tells it to go.
            drop(child.stdin.take());
            if let Err(error) = child.wait().await {
                say::note(format_args!("the demo's stack did not end well: {error}"));
            }
        }
    }
}
