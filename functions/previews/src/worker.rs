//! The process that reads a file, seen from outside: started, fed, bounded, ended.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use app::{Files, FilesError};
use domain::preview::{MAX_READ, Preview, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::protocol::{REFUSED, Said};
use crate::render::DAMAGED;

/// How long the reader may take for one file; waiting for the store does not count.
const TIME: Duration = Duration::from_secs(20);

/// Most renditions of one file.
const MOST: usize = 3;

/// Starts readers.
#[derive(Debug, Clone)]
pub struct Worker {
    program: PathBuf,
    arguments: Vec<String>,
    time: Duration,
}

/// Why there is no preview yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no such object.
    #[error("the object is gone")]
    Gone,
    /// There is none, and the file is to blame.
    #[error("the file cannot be shown: {0:?}")]
    Hostile(Reason),
    /// The store did not answer.
    #[error("the store did not answer")]
    Store(#[from] FilesError),
    /// No process could be had.
    #[error("no process could be had")]
    Process(#[from] std::io::Error),
}

/// A reader at work.
struct Reader<'a> {
    files: &'a Files,
    key: &'a str,
    size: u64,
    input: ChildStdin,
    output: ChildStdout,
    /// What is left of its time.
    time: Duration,
    /// What it may still read of the file.
    quota: u64,
}

impl Worker {
    /// Readers that are this program, started with `arguments`.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    pub fn this_program(arguments: &[&str]) -> Result<Self, std::io::Error> {
        Ok(Self {
            program: std::env::current_exe()?,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            time: TIME,
        })
    }

    /// The preview of an object of `size` bytes, and the bytes of its renditions in their order.
    pub(crate) async fn look_at(
        &self,
        files: &Files,
        key: &str,
        size: u64,
    ) -> Result<(Preview, Vec<Vec<u8>>), Failure> {
        let mut child = self.start(size)?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let (input, output) = ends.ok_or_else(|| std::io::Error::other("no pipes"))?;
        let reader = Reader {
            files,
            key,
            size,
            input,
            output,
            time: self.time,
            quota: MAX_READ,
        };
        let made = reader.serve().await;
        match made {
            // It broke off: why, its end tells.
            Err(Failure::Process(_)) => Err(Failure::Hostile(reason(child.wait().await?))),
            made => {
                child.start_kill()?;
                child.wait().await?;
                made
            }
        }
    }

    /// It inherits nothing: neither credentials nor addresses.
    fn start(&self, size: u64) -> Result<Child, Failure> {
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env(crate::render::SIZE, size.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(child)
    }
}

impl Reader<'_> {
    async fn serve(mut self) -> Result<(Preview, Vec<Vec<u8>>), Failure> {
        let mut renditions = Vec::new();
        loop {
            let mut said = [0; Said::LENGTH];
            self.read(&mut said).await?;
            match Said::from_bytes(said) {
                Some(Said::Range(offset, length)) => self.answer(offset, length).await?,
                Some(Said::Rendition(length)) if renditions.len() < MOST => {
                    renditions.push(self.body(length).await?);
                }
                Some(Said::Preview(length)) => {
                    let json = self.body(length).await?;
                    let preview: Option<Preview> = serde_json::from_slice(&json).ok();
                    return preview
                        .filter(|preview| preview.renditions.len() == renditions.len())
                        .map(|preview| (preview, renditions))
                        .ok_or(Failure::Hostile(Reason::Damaged));
                }
                // Only a reader that a file took over talks like this.
                Some(Said::Rendition(_)) | None => return Err(Failure::Hostile(Reason::Damaged)),
            }
        }
    }

    async fn answer(&mut self, offset: u64, length: u32) -> Result<(), Failure> {
        let there = self.size.saturating_sub(offset).min(u64::from(length));
        if there > self.quota {
            return Ok(self.input.write_all(&REFUSED.to_le_bytes()).await?);
        }
        self.quota -= there;
        let bytes = match u32::try_from(there) {
            Ok(there @ 1..) => {
                let range = self.files.range(self.key, offset, there).await?;
                range.ok_or(Failure::Gone)?
            }
            _ => Vec::new(),
        };
        let count = u32::try_from(bytes.len()).unwrap_or(REFUSED);
        self.input.write_all(&count.to_le_bytes()).await?;
        Ok(self.input.write_all(&bytes).await?)
    }

    async fn body(&mut self, length: u32) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; length as usize];
        self.read(&mut bytes).await?;
        Ok(bytes)
    }

    /// Waits for the reader, at the expense of its time.
    async fn read(&mut self, into: &mut [u8]) -> Result<(), Failure> {
        let since = Instant::now();
        let read = tokio::time::timeout(self.time, self.output.read_exact(into)).await;
        self.time = self.time.saturating_sub(since.elapsed());
        match read {
            Ok(read) => Ok(read.map(drop)?),
            Err(_) => Err(Failure::Hostile(Reason::TooSlow)),
        }
    }
}

/// What the end of a reader says about its file.
fn reason(status: ExitStatus) -> Reason {
    match (status.code(), status.signal()) {
        (Some(DAMAGED), _) => Reason::Damaged,
        (_, Some(signal)) if signal == rustix::process::Signal::XCPU.as_raw() => Reason::TooSlow,
        // Out of memory or of stack.
        _ => Reason::TooComplex,
    }
}
