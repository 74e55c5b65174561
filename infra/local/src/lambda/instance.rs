//! One instance: a child process, its log, and the signals that freeze and end it.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::Options;
use crate::template::Function;

/// Variables of this process that instances inherit; everything else is as clean as in Lambda.
const INHERITED: [&str; 6] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "LLVM_PROFILE_FILE",
];

/// Starts the instances of one function.
#[derive(Debug)]
pub(super) struct Launcher {
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    runtime: SocketAddr,
    log: File,
    log_path: PathBuf,
}

impl Launcher {
    pub(super) fn new(
        options: &Options,
        runtime: SocketAddr,
        function: &Function,
    ) -> std::io::Result<Self> {
        let log_path = options.logs.join(format!("{}.log", function.name));
        Ok(Self {
            command: command(options, &function.name)?,
            environment: environment(options, runtime, function),
            runtime,
            log: File::options().create(true).append(true).open(&log_path)?,
            log_path,
        })
    }

    /// Where the output of its instances goes.
    pub(super) fn log(&self) -> &Path {
        &self.log_path
    }

    /// Starts the process of the instance `id`. It is killed when the child is dropped.
    ///
    /// The Runtime API is told with a scheme: the runtime takes a path behind it only then.
    ///
    /// Its standard input is a pipe from here: when this process is gone, however it went, the
    /// instance reads its end and goes too.
    pub(super) fn launch(&self, function: &str, id: u64) -> std::io::Result<Child> {
        let mut words = self.command.iter();
        let program = words.next().map(String::as_str).unwrap_or_default();
        let mut command = Command::new(program);
        command
            .args(words)
            .env_clear()
            .envs(&self.environment)
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                format!("http://{}/instances/{function}/{id}", self.runtime),
            )
            .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("{function}/{id}"))
            .stdin(Stdio::piped())
            .stdout(self.log.try_clone()?)
            .stderr(self.log.try_clone()?)
            // Of its own group, so that Ctrl-C reaches only the stack, which then ends all.
            .process_group(0)
            .kill_on_drop(true);
        command
            .spawn()
            .map_err(|error| std::io::Error::new(error.kind(), format!("{program}: {error}")))
    }
}

/// Stops the process where it is.
pub(super) fn freeze(pid: Option<Pid>) {
    signal(pid, Signal::STOP);
}

/// Lets a stopped process go on.
pub(super) fn thaw(pid: Option<Pid>) {
    signal(pid, Signal::CONT);
}

/// Ends the process, stopped or not.
pub(super) fn kill(pid: Option<Pid>) {
    signal(pid, Signal::KILL);
}

/// The id of a child that has not been waited for.
pub(super) fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()?).ok()?)
}

/// The most memory the process ever had resident, in KiB; 0 where the system does not tell.
pub(super) fn peak_rss_kib(pid: Option<Pid>) -> u64 {
    let read = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    read().unwrap_or(0)
}

fn signal(pid: Option<Pid>, signal: Signal) {
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(%error, "an instance is gone already");
    }
}

/// The words that start an instance of `function`.
fn command(options: &Options, function: &str) -> std::io::Result<Vec<String>> {
    let Some(folder) = &options.binaries else {
        return Ok([options.command.as_slice(), &[function.to_owned()]].concat());
    };
    let binary = folder.join(format!("maru-{function}/bootstrap"));
    if !binary.is_file() {
        return Err(std::io::Error::other(format!(
            "there is no {}: make it with `cargo lambda build --release`",
            binary.display()
        )));
    }
    Ok(vec![binary.to_string_lossy().into_owned()])
}

#[expect(
    clippy::disallowed_methods,
    reason = "what an instance inherits is this module's business"
)]
fn environment(
    options: &Options,
    runtime: SocketAddr,
    function: &Function,
) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = INHERITED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    let own = [
        ("AWS_REGION", "ap-northeast-2"),
        ("AWS_DEFAULT_REGION", "ap-northeast-2"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "local"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("_HANDLER", "bootstrap"),
        ("TZ", ":UTC"),
    ];
    all.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    all.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.name.clone());
    all.insert(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(),
        function.memory_mb.to_string(),
    );
    all.insert(
        "AWS_ENDPOINT_URL_LAMBDA".to_owned(),
        format!("http://{runtime}"),
    );
    all.extend(options.environment.clone());
    all.extend(function.environment.clone());
    all
}
