//! Starting `maru-stack`, which is `maru-local` linked beside the tests.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::Stack;

/// A stack to start; it ends when the process that started it is gone.
#[derive(Debug)]
pub struct Launch {
    data: PathBuf,
    port: u16,
    command: Command,
}

/// A stack that has not said yet whether it is ready.
#[derive(Debug)]
pub struct Starting {
    child: Child,
    errors: BufReader<ChildStderr>,
    said: String,
}

/// A stack that said it is ready.
#[derive(Debug)]
pub struct Running {
    /// What it said.
    pub stack: Stack,
    /// Holds the pipe whose end ends the stack.
    child: Child,
}

/// A stack that ended without ever being ready.
#[derive(Debug)]
pub struct Failed {
    /// How it ended.
    pub status: ExitStatus,
    /// What it told people.
    pub said: String,
}

impl Launch {
    /// One with a data folder of its own that is removed at the end.
    #[must_use]
    pub fn temporary() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "maru-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        Self::on(&std::env::temp_dir().join(name)).arg("--temporary")
    }

    /// One on the data folder `data`.
    #[must_use]
    pub fn on(data: &Path) -> Self {
        let mut command = Command::new(program());
        command
            .args(["up", "--json", "--parent-pipe", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            data: data.to_path_buf(),
            port: 0,
            command,
        }
    }

    /// Its REST API on this port, instead of any free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.command.arg(arg);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead.
    ///
    /// # Panics
    /// When the program is not there or says something else.
    pub fn start(self) -> Result<Running, Failed> {
        let mut child = self.child();
        let said = listen(&mut child);
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        out.read_line(&mut line).expect("its output can be read");
        if line.is_empty() {
            return Err(Failed {
                status: child.wait().expect("it can be waited for"),
                said: said.join().unwrap_or_default(),
            });
        }
        Ok(Running {
            stack: serde_json::from_str(&line).expect("it tells where it is as JSON"),
            child,
        })
    }

    /// Starts it and waits for nothing.
    ///
    /// # Panics
    /// When the program is not there.
    #[must_use]
    pub fn begin(self) -> Starting {
        let mut child = self.child();
        let errors = child.stderr.take().expect("its errors are a pipe");
        Starting {
            child,
            errors: BufReader::new(errors),
            said: String::new(),
        }
    }

    fn child(mut self) -> Child {
        self.command
            .arg("--port")
            .arg(self.port.to_string())
            .spawn()
            .expect("maru-stack was built beside the tests")
    }
}

impl Starting {
    /// Waits until it told people a line with these words in it.
    ///
    /// # Panics
    /// When it ends without having said so.
    pub fn until_said(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let read = self.errors.read_line(&mut line).expect("it tells UTF-8");
            self.said.push_str(&line);
            assert!(read > 0, "it never said `{words}`: {}", self.said);
        }
    }

    /// Asks it to end.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn terminate(&self) {
        signal(&self.child, "-TERM");
    }

    /// Waits until it has ended; what it has said by then.
    ///
    /// # Panics
    /// When that takes longer than `patience`.
    pub fn ended(mut self, patience: Duration) -> Failed {
        let until = Instant::now() + patience;
        let rest = gather(self.errors);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            if Instant::now() > until {
                self.child.kill().expect("it can be killed");
                panic!(
                    "it goes on: {}{}",
                    self.said,
                    rest.join().unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let said = self.said + &rest.join().unwrap_or_default();
        Failed { status, said }
    }
}

impl Running {
    /// Asks it to end, and waits until its process has.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn terminate(&mut self) -> ExitStatus {
        signal(&self.child, "-TERM");
        self.child.wait().expect("it can be waited for")
    }

    /// Kills its process alone, without a word.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Closes the pipe, as the end of this process would, and waits until its process has ended.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn let_go(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().expect("it can be waited for")
    }
}

fn signal(child: &Child, sign: &str) {
    let status = Command::new("kill")
        .args([sign, &child.id().to_string()])
        .status();
    assert!(status.expect("`kill` is there").success());
}

/// The processes that have files of the folder `data` open or stand in it; Linux only.
#[must_use]
pub fn processes_on(data: &Path) -> Vec<String> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter(|process| {
        let files = std::fs::read_dir(process.path().join("fd"));
        let mut links = files
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path())
            .chain([process.path().join("cwd")]);
        links.any(|link| std::fs::read_link(link).is_ok_and(|target| target.starts_with(data)))
    })
    .map(|process| {
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).replace('\0', " ")
    })
    .collect()
}

/// `maru-stack`: one folder above the test programs, or beside a benchmark.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("maru-stack"))
        .find(|path| path.is_file())
        .expect("maru-stack was built beside the tests")
}

/// Collects what it tells people, so that it never has to wait for a reader.
fn listen(child: &mut Child) -> JoinHandle<String> {
    gather(child.stderr.take().expect("its errors are a pipe"))
}

fn gather(mut errors: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut said = Vec::new();
        // What came before an interruption is still worth showing.
        drop(errors.read_to_end(&mut said));
        String::from_utf8_lossy(&said).into_owned()
    })
}
