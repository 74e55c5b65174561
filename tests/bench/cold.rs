//! Cold starts of the binaries as they are deployed: from the start of the process to its first poll for work, against
//! a function that does nothing.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::memory::peak_mib;
use crate::report::{Table, Times};

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What `cargo lambda build --release` left behind.
    #[arg(
        long,
        env = "MARU_BINARIES",
        default_value = "target/lambda",
        value_name = "DIR"
    )]
    binaries: PathBuf,
    /// Starts of each function.
    #[arg(long, default_value_t = 15)]
    rounds: u32,
}

/// The most a binary may weigh, in MB.
const LARGEST_MB: f64 = 10.0;

/// What a function wants to find in its environment; nothing of it is called before the first poll.
const ENVIRONMENT: [(&str, &str); 21] = [
    ("AWS_ACCESS_KEY_ID", "figures"),
    ("AWS_SECRET_ACCESS_KEY", "figures"),
    ("AWS_SESSION_TOKEN", "figures"),
    ("AWS_REGION", "ap-northeast-2"),
    ("AWS_LAMBDA_FUNCTION_NAME", "figures"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "figures"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "figures"),
    ("MARU_POSTGRES_URL", "postgres://maru:x@127.0.0.1:1/maru"),
    (
        "MARU_POSTGRES_OWNER_URL",
        "postgres://maru:x@127.0.0.1:1/maru",
    ),
    ("MARU_REDIS_URL", "redis://127.0.0.1:1"),
    ("MARU_TABLE", "figures"),
    ("MARU_BUCKET", "figures"),
    ("MARU_SOCKETS_ENDPOINT", "http://127.0.0.1:1/v1"),
    ("MARU_ANNOUNCE_FUNCTION", "announce"),
    ("MARU_PREVIEWS_FUNCTION", "previews"),
    ("MARU_SIGNING_SECRET", "figures"),
    ("MARU_ISSUER", "maru"),
    ("MARU_ORIGINS", "http://localhost:3000"),
];

/// Starts each binary many times, in turn with the empty one.
pub(crate) fn measure(options: &Options) -> Result<Table, app::Error> {
    let empty = std::env::current_exe()?.with_file_name("maru-empty");
    let binaries = binaries(&options.binaries)?;
    let runtime = Runtime::new()?;
    let mut table = Table::new("cold");
    for (name, path) in &binaries {
        let (mut ours, mut nothing, mut peak) = (Times::default(), Times::default(), 0.0_f64);
        for _ in 0..options.rounds {
            nothing.push(start(&runtime, &empty)?.0);
            let (took, memory) = start(&runtime, path)?;
            ours.push(took);
            peak = peak.max(memory);
        }
        let (ours, nothing) = (ours.percentile_ms(50), nothing.percentile_ms(50));
        table.row(format!("{name}: to its first poll"), ours, "ms", Some(20.0));
        table.row(
            format!("{name}: against an empty function"),
            ours / nothing,
            "x",
            Some(2.0),
        );
        table.row(format!("{name}: memory then"), peak, "MiB", None);
        let megabytes = std::fs::metadata(path)?.len() as f64 / 1e6;
        table.row(format!("{name}: binary"), megabytes, "MB", Some(LARGEST_MB));
    }
    Ok(table)
}

/// Each function's name and binary.
fn binaries(folder: &Path) -> Result<Vec<(String, PathBuf)>, app::Error> {
    let missing = |error| {
        format!(
            "{}: {error}; run `cargo lambda build --release` or name its folder by --binaries",
            folder.display()
        )
    };
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .map_err(missing)?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = name.strip_prefix("maru-")?.to_owned();
            Some((name, entry.path().join("bootstrap")))
        })
        .collect();
    all.sort();
    Ok(all)
}

/// Longest wait for a first poll: a function that ends instead must not hold up the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where functions poll: it hears their first line and says nothing.
struct Runtime {
    address: SocketAddr,
    polls: Receiver<Poll>,
}

/// When a first line came, what it says, and the connection.
struct Poll(Instant, String, TcpStream);

impl Runtime {
    fn new() -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, polls) = channel();
        std::thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut line = String::new();
                let read = BufReader::new(&mut socket).read_line(&mut line);
                let poll = Poll(Instant::now(), line, socket);
                if read.is_ok() && sender.send(poll).is_err() {
                    return;
                }
            }
        });
        Ok(Self { address, polls })
    }
}

/// The time from its start to its first poll, and its memory in MiB then.
fn start(runtime: &Runtime, program: &Path) -> Result<(Duration, f64), app::Error> {
    let begun = Instant::now();
    let child = Command::new(program)
        .env_clear()
        .envs(ENVIRONMENT)
        .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let mut child = Ended(child);
    let Poll(heard, line, socket) = runtime
        .polls
        .recv_timeout(PATIENCE)
        .map_err(|_| child.blame(program, "did not poll"))?;
    let took = heard - begun;
    if !line.contains("/runtime/invocation/next") {
        return Err(child.blame(program, &format!("polled by {line:?}")));
    }
    let peak = peak_mib(child.0.id())?;
    // Until here: a function whose poll is cut off ends.
    drop(socket);
    Ok((took, peak))
}

/// A process that ends with this.
struct Ended(Child);

impl Ended {
    /// Ends it, and lets it say why: the words of the others are for nobody, a function whose poll is cut off complains.
    fn blame(&mut self, program: &Path, what: &str) -> app::Error {
        drop(self.0.kill());
        let mut terminal = std::io::stderr();
        if let Some(mut said) = self.0.stdout.take() {
            drop(std::io::copy(&mut said, &mut terminal));
        }
        if let Some(mut said) = self.0.stderr.take() {
            drop(std::io::copy(&mut said, &mut terminal));
        }
        format!("{} {what}; what it said stands above", program.display()).into()
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
