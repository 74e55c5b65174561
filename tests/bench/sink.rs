//! A server that takes any post and answers a little later: the other end of a push, in a process of its own.
#![expect(clippy::print_stdout, reason = "it tells its parent where it listens")]

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// How slow to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Milliseconds from the last byte of a request to the first of its answer.
    #[arg(long, default_value_t = 5)]
    latency_ms: u64,
}

/// A running sink; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Sink {
    /// Starts one.
    pub(crate) fn start(latency_ms: u64) -> Result<Self, app::Error> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["sink", "--latency-ms", &latency_ms.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("the sink has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        Ok(Self {
            child,
            address: line.trim().to_owned(),
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Is the sink, for ever.
pub(crate) async fn serve(options: &Options) -> Result<Infallible, app::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let latency = Duration::from_millis(options.latency_ms);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream, latency));
    }
}

/// Answers request after request until the other side goes.
async fn converse(mut stream: TcpStream, latency: Duration) -> Result<(), std::io::Error> {
    let mut held = Vec::with_capacity(16 * 1024);
    loop {
        let Some(end) = whole(&held) else {
            if stream.read_buf(&mut held).await? == 0 {
                return Ok(());
            }
            continue;
        };
        held.drain(..end);
        tokio::time::sleep(latency).await;
        stream.write_all(ANSWER).await?;
    }
}

/// How many bytes the first request takes, once it is whole.
fn whole(held: &[u8]) -> Option<usize> {
    let head = held.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(held.get(..head)?).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (held.len() >= end).then_some(end)
}
