//! Finding the real servers, and installing a missing one where that needs no question.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::{Error, say};

/// A server that we need and do not carry with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// PostgreSQL, any supported version.
    Postgres,
    /// Redis, or Valkey, which speaks the same.
    Redis,
}

/// Folders outside PATH in which packages put PostgreSQL, `*` being its version.
const POSTGRES_FOLDERS: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// The same for Redis and Valkey.
const REDIS_FOLDERS: [&str; 4] = [
    "/opt/homebrew/opt/valkey*/bin",
    "/opt/homebrew/opt/redis*/bin",
    "/usr/local/opt/valkey*/bin",
    "/usr/local/opt/redis*/bin",
];

impl Package {
    /// Its programs that are here, those on PATH first.
    ///
    /// For Postgres: the `postgres` programs that have an `initdb` beside them.
    #[must_use]
    pub fn find(self) -> Vec<PathBuf> {
        let (programs, folders): (&[&str], &[&str]) = match self {
            Self::Postgres => (&["postgres"], &POSTGRES_FOLDERS),
            Self::Redis => (&["valkey-server", "redis-server"], &REDIS_FOLDERS),
        };
        let usual = folders.iter().flat_map(|pattern| matching(pattern));
        let mut found = Vec::new();
        for folder in on_path().into_iter().chain(usual) {
            for program in programs {
                let Ok(path) = folder.join(program).canonicalize() else {
                    continue;
                };
                let whole = self != Self::Postgres || path.with_file_name("initdb").is_file();
                // A link keeps the name it was called by: Redis decides by it what it is.
                let path = if self == Self::Redis {
                    folder.join(program)
                } else {
                    path
                };
                if whole && !found.contains(&path) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// Its programs, after installing it if there were none.
    ///
    /// # Errors
    /// [`Error::Missing`] with the command to give, when it is not here and we may not or cannot install it.
    pub async fn ensure(self, may_install: bool) -> Result<Vec<PathBuf>, Error> {
        let found = self.find();
        if !found.is_empty() {
            return Ok(found);
        }
        let missing = |why: &str| Error::Missing {
            what: self.name(),
            why: why.to_owned(),
            how: self.advice(),
        };
        if !may_install {
            return Err(missing("--no-install was given"));
        }
        let Some(installer) = Installer::find().await else {
            return Err(missing("cannot be installed without asking"));
        };
        say::note(format_args!(
            "  {} is missing; installing it with {} …",
            self.name(),
            installer.name()
        ));
        installer.install(self).await?;
        let found = self.find();
        if found.is_empty() {
            return Err(missing("was not found after installing it"));
        }
        Ok(found)
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis (or Valkey)",
        }
    }

    fn advice(self) -> &'static str {
        let mac = cfg!(target_os = "macos");
        match self {
            Self::Postgres if mac => "brew install postgresql@17",
            Self::Postgres => "sudo apt-get install postgresql",
            Self::Redis if mac => "brew install valkey",
            Self::Redis => "sudo apt-get install redis-server",
        }
    }
}

/// A package manager that will ask nothing.
#[derive(Debug, Clone, Copy)]
enum Installer {
    /// Debian and its children, as root.
    Apt,
    /// The same through a sudo that wants no password.
    SudoApt,
    /// macOS.
    Brew,
}

impl Installer {
    async fn find() -> Option<Self> {
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

    fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::SudoApt => "sudo apt-get",
            Self::Brew => "brew",
        }
    }

    async fn install(self, package: Package) -> Result<(), Error> {
        let name = match (self, package) {
            (Self::Brew, Package::Postgres) => "postgresql@17",
            (Self::Brew, Package::Redis) => "valkey",
            (_, Package::Postgres) => "postgresql",
            (_, Package::Redis) => "redis-server",
        };
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
            Self::Brew => return run("install with brew", &["brew", "install", "-q", name]).await,
            Self::Apt => apt.to_vec(),
            Self::SudoApt => ["sudo", "-n"].into_iter().chain(apt).collect(),
        };
        let with = |rest: &[&'static str]| [start.as_slice(), rest].concat();
        let install = [
            with(&["install", "-y", "--no-install-recommends"]),
            vec![name],
        ]
        .concat();
        if run("install with apt-get", &install).await.is_ok() {
            return Ok(());
        }
        // Most often the lists are old or were never fetched.
        run("fetch the package lists", &with(&["update"])).await?;
        run("install with apt-get", &install).await
    }
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

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// Folders that fit a pattern with one `*`, the highest version first.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let parts: Vec<&str> = pattern.split('/').collect();
    let Some(at) = parts.iter().position(|part| part.contains('*')) else {
        return vec![PathBuf::from(pattern)];
    };
    let parent = PathBuf::from(parts[..at].join("/"));
    let (start, end) = parts[at].split_once('*').unwrap_or((parts[at], ""));
    let mut names: Vec<String> = std::fs::read_dir(&parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(start) && name.ends_with(end))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(version(name)));
    names
        .into_iter()
        .map(|name| {
            parent
                .join(name)
                .join(Path::new(&parts[at + 1..].join("/")))
        })
        .collect()
}

/// The first number in a name, 0 without one.
fn version(name: &str) -> u32 {
    name.split(|letter: char| !letter.is_ascii_digit())
        .find(|part| !part.is_empty())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_comes_first() {
        let root = std::env::temp_dir().join(format!("maru-install-{}", std::process::id()));
        for name in ["9", "15", "17"] {
            std::fs::create_dir_all(root.join(name).join("bin")).unwrap();
        }
        let found = matching(&format!("{}/*/bin", root.display()));
        std::fs::remove_dir_all(&root).unwrap();
        let expected: Vec<_> = ["17", "15", "9"]
            .iter()
            .map(|name| root.join(name).join("bin"))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert!(matching("/nowhere/at/all-*/bin").is_empty());
    }
}
