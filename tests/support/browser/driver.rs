//! chromedriver: started, spoken to, ended.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use local::install::Package;
use serde_json::{Value, json};

use crate::rest::fresh_id;
use crate::tools::program;

/// A driver with one session, that is: one browser.
#[derive(Debug)]
pub(super) struct Driver {
    process: Child,
    port: u16,
    session: String,
    client: reqwest::Client,
    profile: PathBuf,
}

impl Driver {
    pub(super) async fn start() -> Self {
        let mut process = Command::new(program(Package::Chromium).await)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let port = listening(&mut process);
        let profile = std::env::temp_dir().join(format!("maru-browser-{}", fresh_id().simple()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client without special wishes can be built");
        let mut driver = Self {
            process,
            port,
            session: String::new(),
            client,
            profile,
        };
        let session = driver
            .call("session", json!({"capabilities": driver.wishes()}))
            .await;
        let id = session["sessionId"].as_str().expect("an id");
        id.clone_into(&mut driver.session);
        driver
    }

    /// The folder of everything that the browser writes.
    pub(super) fn profile(&self) -> &Path {
        &self.profile
    }

    /// A command to the session.
    pub(super) async fn post(&self, command: &str, body: Value) -> Value {
        let path = format!("session/{}/{command}", self.session);
        self.call(&path, body).await
    }

    async fn call(&self, path: &str, body: Value) -> Value {
        let address = format!("http://127.0.0.1:{}/{path}", self.port);
        let answer = self.client.post(address).json(&body).send().await;
        let answer = answer.expect("chromedriver answers");
        let well = answer.status().is_success();
        let mut answer: Value = answer.json().await.expect("chromedriver speaks JSON");
        let value = answer["value"].take();
        assert!(well, "{path} {body}: {value:#}");
        value
    }

    fn wishes(&self) -> Value {
        let profile = format!("--user-data-dir={}", self.profile.display());
        let args = [
            profile.as_str(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            // Tests look at several tabs at once.
            "--disable-background-timer-throttling",
            "--disable-renderer-backgrounding",
            "--disable-backgrounding-occluded-windows",
        ];
        json!({"alwaysMatch": {
            "goog:chromeOptions": {
                "args": args,
                "prefs": {"download.default_directory": self.profile.join("downloads")},
            },
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 120_000, "pageLoad": 60_000},
        }})
    }
}

impl Drop for Driver {
    /// Ends the browser through its driver, then the driver; in a failing test too.
    fn drop(&mut self) {
        let ended = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            write!(
                stream,
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            )?;
            // It keeps the connection: the first bytes of its answer say that the browser has ended.
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.read(&mut [0; 64])
        });
        let killed = self.process.kill().and_then(|()| self.process.wait());
        let removed = std::fs::remove_dir_all(&self.profile);
        // Whatever failed, the test has said what it had to say.
        drop((ended, killed, removed));
    }
}

/// The port that it says it listens on.
fn listening(process: &mut Child) -> u16 {
    let mut out = BufReader::new(process.stdout.take().expect("its output is a pipe")).lines();
    let port = out
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        })
        .expect("chromedriver says where it listens");
    // It must never wait for a reader.
    std::thread::spawn(move || out.for_each(drop));
    port
}
