//! Package managers that ask nothing.

use std::fs::File;
use std::process::Stdio;

use tokio::process::Command;

use super::Facts;
use super::places::on_path;
use crate::Error;

/// A package manager that will ask nothing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Installer {
    /// Debian and its children, as root.
    Apt,
    /// The same through a sudo that wants no password.
    SudoApt,
    /// macOS.
    Brew,
}

impl Installer {
    /// The one of this machine, if it can be used without a question.
    pub(super) async fn find() -> Option<Self> {
        if has("brew") {
            return Some(Self::Brew);
        }
        if !has("apt-get") {
            return None;
        }
        if rustix::process::geteuid().is_root() {
            return Some(Self::Apt);
        }
        let silent = has("sudo") && run("try sudo", &["sudo", "-n", "true"]).await.is_ok();
        silent.then_some(Self::SudoApt)
    }

    /// What it is called by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::SudoApt => "sudo apt-get",
            Self::Brew => "brew",
        }
    }

    /// Installs `facts`' packages.
    ///
    /// # Errors
    /// What it said, when it failed.
    pub(super) async fn install(self, facts: &Facts) -> Result<(), Error> {
        // RUNLEVEL=1: where the system has no other opinion, the package's own service is not started.
        let apt = [
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "RUNLEVEL=1",
            "apt-get",
            "-qq",
            "-o",
            "DPkg::Lock::Timeout=300",
        ];
        let start: Vec<&str> = match self {
            Self::Brew => {
                let brew = [["brew", "install", "-q"].as_slice(), facts.brew].concat();
                return run("install with brew", &brew).await;
            }
            Self::Apt => apt.to_vec(),
            Self::SudoApt => ["sudo", "-n"].into_iter().chain(apt).collect(),
        };
        let with = |rest: &[&'static str]| [start.as_slice(), rest].concat();
        let install = with(&["install", "-y", "--no-install-recommends"]);
        let install = [install.as_slice(), facts.apt].concat();
        if run("install with apt-get", &install).await.is_ok() {
            return Ok(());
        }
        // Most often the lists are old or were never fetched.
        run("fetch the package lists", &with(&["update"])).await?;
        run("install with apt-get", &install).await
    }
}

/// Waits until nobody else of ours installs anything on this machine; they wait as long as the answer lives.
///
/// # Errors
/// What the disk answers.
pub(super) async fn alone() -> Result<File, Error> {
    let name = format!("maru-install-{}.lock", rustix::process::geteuid().as_raw());
    let locking = tokio::task::spawn_blocking(move || {
        let file = File::create(std::env::temp_dir().join(name))?;
        file.lock()?;
        Ok(file)
    });
    let locked = locking.await.unwrap_or_else(|error| Err(error.into()));
    locked.map_err(Error::io("wait for other installations"))
}

async fn run(what: &'static str, command: &[&str]) -> Result<(), Error> {
    let output = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        // Ctrl-C must not leave a package half installed: it goes on to its end.
        .process_group(0)
        .output()
        .await
        .map_err(Error::io(what))?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Program { what, output: text })
}

fn has(program: &str) -> bool {
    on_path()
        .iter()
        .any(|folder| folder.join(program).is_file())
}
