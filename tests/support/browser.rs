//! A real browser without a window, driven by the WebDriver protocol: Chromium, as it comes.

mod driver;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use driver::Driver;

/// How long the page may take for what a test waits for.
const PATIENCE_MS: u64 = 60_000;

/// A browser with a profile of its own; it ends with this value.
#[derive(Debug)]
pub struct Browser {
    session: Arc<Mutex<Driver>>,
    downloads: PathBuf,
}

/// One of its tabs.
#[derive(Debug)]
pub struct Tab {
    session: Arc<Mutex<Driver>>,
    window: String,
}

impl Browser {
    /// Starts one; Chromium and its driver are installed when they are missing.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        let driver = Driver::start().await;
        Self {
            downloads: driver.profile().join("downloads"),
            session: Arc::new(Mutex::new(driver)),
        }
    }

    /// The folder in which downloads arrive.
    #[must_use]
    pub fn downloads(&self) -> &Path {
        &self.downloads
    }

    /// Opens `address` in a new tab, and waits until the page is loaded.
    pub async fn open(&self, address: &str) -> Tab {
        let window = {
            let driver = self.session.lock().await;
            driver.post("window/new", json!({"type": "tab"})).await
        };
        let tab = Tab {
            session: Arc::clone(&self.session),
            window: window["handle"].as_str().expect("a handle").to_owned(),
        };
        tab.go(address).await;
        tab
    }
}

impl Tab {
    /// Goes to `address`, and waits until the page is loaded.
    pub async fn go(&self, address: &str) {
        self.ask("url", json!({ "url": address })).await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.ask("refresh", json!({})).await;
    }

    /// Runs a script in the page: what it returns, `arguments` being `args`.
    pub async fn run(&self, script: &str, args: Value) -> Value {
        self.ask("execute/sync", json!({"script": script, "args": args}))
            .await
    }

    /// Waits until the expression is something true, looked at with every change of the page; answers it.
    ///
    /// # Panics
    /// When a minute passes before; shows the page.
    #[track_caller]
    pub fn until(&self, expression: &str) -> impl Future<Output = Value> {
        let script = format!(
            "const done = arguments[0];
             const look = () => {{
               try {{ return {expression}; }} catch {{ return null; }}
             }};
             const first = look();
             if (first) return done(first);
             const watch = new MutationObserver(() => {{
               const found = look();
               if (found) {{ watch.disconnect(); clearTimeout(end); done(found); }}
             }});
             const end = setTimeout(() => {{ watch.disconnect(); done(null); }}, {PATIENCE_MS});
             watch.observe(document, {{ subtree: true, childList: true, characterData: true, attributes: true }});"
        );
        let expression = expression.to_owned();
        let place = std::panic::Location::caller();
        async move {
            let found = self
                .ask("execute/async", json!({"script": script, "args": []}))
                .await;
            if found.is_null() {
                let text = self.run("return document.body.innerText", json!([])).await;
                let said = self.said().await;
                panic!("{place}: never `{expression}`; the page:\n{text}\nthe console: {said:#?}");
            }
            found
        }
    }

    /// Clicks the first element that the selector finds.
    pub async fn click(&self, selector: &str) {
        let element = self.find("css selector", selector).await;
        self.ask(&format!("element/{element}/click"), json!({}))
            .await;
    }

    /// Clicks the first element whose text begins so.
    pub async fn click_text(&self, text: &str) {
        let path = format!("//*[starts-with(normalize-space(text()), '{text}')]");
        let element = self.find("xpath", &path).await;
        self.ask(&format!("element/{element}/click"), json!({}))
            .await;
    }

    /// Types into the first element that the selector finds; `\n` is the Enter key. For a file input: a path.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.find("css selector", selector).await;
        let text = text.replace('\n', "\u{e007}");
        self.ask(&format!("element/{element}/value"), json!({ "text": text }))
            .await;
    }

    /// What the page and the browser complained of since this was last asked: every warning and error of the console.
    pub async fn said(&self) -> Vec<String> {
        let log = self.ask("se/log", json!({"type": "browser"})).await;
        let lines = log.as_array().into_iter().flatten();
        lines
            .filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING")
            .map(|line| format!("{}: {}", line["level"], line["message"]))
            .collect()
    }

    async fn find(&self, using: &str, value: &str) -> String {
        let found = self
            .ask("element", json!({"using": using, "value": value}))
            .await;
        let id = found.as_object().and_then(|names| names.values().next());
        id.and_then(Value::as_str).expect("an element").to_owned()
    }

    /// A command to this tab.
    async fn ask(&self, command: &str, body: Value) -> Value {
        let driver = self.session.lock().await;
        driver
            .post("window", json!({ "handle": self.window }))
            .await;
        driver.post(command, body).await
    }
}
