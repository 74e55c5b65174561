//! The uploading client as a process of its own, so that it can be killed as a crash would kill it.

use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::Error;
use super::content::Content;
use super::rest::Rest;
use super::upload::Uploader;

/// What the process is to do; it comes on its standard input, because it holds a token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) rest: String,
    pub(super) socket: String,
    pub(super) token: String,
    pub(super) upload: String,
    pub(super) seed: u64,
    pub(super) size: u64,
}

/// A running client; it dies with this value.
pub(super) struct Running {
    child: Child,
    lines: tokio::io::Lines<BufReader<ChildStdout>>,
    begun: Vec<u64>,
}

impl Running {
    /// Starts a client on `task`.
    pub(super) async fn start(task: &Task) -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(Error::Process)?;
        let mut child = Command::new(program)
            .arg("uploader")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::Process)?;
        let text = serde_json::to_vec(task).map_err(|e| Error::Unexpected(e.to_string()))?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Unexpected("the client has no pipes".to_owned()));
        };
        input.write_all(&text).await.map_err(Error::Process)?;
        drop(input);
        Ok(Self {
            child,
            lines: BufReader::new(output).lines(),
            begun: Vec::new(),
        })
    }

    /// Waits for it to begin one more part; how many it has begun. Waits for ever once it ended.
    pub(super) async fn begun(&mut self) -> Result<u64, Error> {
        match self.lines.next_line().await.map_err(Error::Process)? {
            Some(line) => self.begun.extend(line.parse::<u64>()),
            None => std::future::pending().await,
        }
        Ok(self.begun.len() as u64)
    }

    /// Kills it without a word, and tells which parts it had begun by then.
    pub(super) async fn kill(mut self) -> Result<Vec<u64>, Error> {
        self.child.kill().await.map_err(Error::Process)?;
        while let Some(line) = self.lines.next_line().await.map_err(Error::Process)? {
            self.begun.extend(line.parse::<u64>());
        }
        Ok(self.begun)
    }

    /// Whether it ended by itself, and how.
    pub(super) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// The whole of the process: reads its task, puts what is missing, names each part that it begins.
///
/// # Errors
/// What stopped it.
pub async fn run() -> Result<(), Error> {
    let task: Task = serde_json::from_reader(std::io::stdin())
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    let rest = Rest::with_token(&task.rest, &task.token);
    let content = Content {
        seed: task.seed,
        size: task.size,
    };
    let uploader = Uploader::new(rest, &task.socket, &task.upload, content).await?;
    uploader.put_missing(crate::say::answer).await?;
    uploader.complete().await?;
    Ok(())
}
