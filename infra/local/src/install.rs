//! Finding the programs that we do not carry with us, and installing a missing one where that needs no question.

mod manager;
mod places;

use std::path::PathBuf;

use crate::{Error, say};
use manager::Installer;
use places::{matching, on_path};

/// Something that we need and do not carry with us: the stack its servers, the tests a browser and foreign clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// PostgreSQL, any supported version.
    Postgres,
    /// Redis, or Valkey, which speaks the same.
    Redis,
    /// Chromium with its driver.
    Chromium,
    /// npm with Node.
    Npm,
    /// curl.
    Curl,
}

/// What there is to know of a package.
struct Facts {
    /// What people call it.
    name: &'static str,
    /// Its programs; any of them will do.
    programs: &'static [&'static str],
    /// Folders outside PATH in which packages put it, `*` being its version.
    folders: &'static [&'static str],
    /// Its names in Debian.
    apt: &'static [&'static str],
    /// Its names in Homebrew.
    brew: &'static [&'static str],
}

const POSTGRES: Facts = Facts {
    name: "PostgreSQL",
    programs: &["postgres"],
    folders: &[
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/usr/libexec/postgresql*",
        "/opt/homebrew/opt/postgresql*/bin",
        "/usr/local/opt/postgresql*/bin",
        "/usr/local/pgsql*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ],
    apt: &["postgresql"],
    brew: &["postgresql@17"],
};

const REDIS: Facts = Facts {
    name: "Redis (or Valkey)",
    programs: &["valkey-server", "redis-server"],
    folders: &[
        "/opt/homebrew/opt/valkey*/bin",
        "/opt/homebrew/opt/redis*/bin",
        "/usr/local/opt/valkey*/bin",
        "/usr/local/opt/redis*/bin",
    ],
    apt: &["redis-server"],
    brew: &["valkey"],
};

const CHROMIUM: Facts = Facts {
    name: "Chromium with chromedriver",
    programs: &["chromedriver"],
    folders: &[],
    apt: &["chromium", "chromium-driver"],
    brew: &["--cask", "chromium", "chromedriver"],
};

const NPM: Facts = Facts {
    name: "npm",
    programs: &["npm"],
    folders: &[],
    apt: &["npm"],
    brew: &["node"],
};

const CURL: Facts = Facts {
    name: "curl",
    programs: &["curl"],
    folders: &[],
    apt: &["curl"],
    brew: &["curl"],
};

impl Package {
    /// Its programs that are here, those on PATH first.
    ///
    /// For Postgres: the `postgres` programs that have an `initdb` beside them.
    #[must_use]
    pub fn find(self) -> Vec<PathBuf> {
        let Facts {
            programs, folders, ..
        } = self.facts();
        let usual = folders.iter().flat_map(|pattern| matching(pattern));
        let mut found = Vec::new();
        for folder in on_path().into_iter().chain(usual) {
            for program in *programs {
                let Ok(path) = folder.join(program).canonicalize() else {
                    continue;
                };
                let whole = self != Self::Postgres || path.with_file_name("initdb").is_file();
                // A link keeps the name it was called by: Redis decides by it what it is. Postgres is found once.
                let path = match self {
                    Self::Postgres => path,
                    _ => folder.join(program),
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
            what: self.facts().name,
            why: why.to_owned(),
            how: self.advice(),
        };
        if !may_install {
            return Err(missing("--no-install was given"));
        }
        let Some(installer) = Installer::find().await else {
            return Err(missing("cannot be installed without asking"));
        };
        // Package managers do not wait for each other, and whoever came first may have installed it.
        let _alone = manager::alone().await?;
        let found = self.find();
        if !found.is_empty() {
            return Ok(found);
        }
        say::note(format_args!(
            "  {} is missing; installing it with {} …",
            self.facts().name,
            installer.name()
        ));
        installer.install(self.facts()).await?;
        let found = self.find();
        if found.is_empty() {
            return Err(missing("was not found after installing it"));
        }
        Ok(found)
    }

    fn facts(self) -> &'static Facts {
        match self {
            Self::Postgres => &POSTGRES,
            Self::Redis => &REDIS,
            Self::Chromium => &CHROMIUM,
            Self::Npm => &NPM,
            Self::Curl => &CURL,
        }
    }

    fn advice(self) -> String {
        let Facts { apt, brew, .. } = self.facts();
        match cfg!(target_os = "macos") {
            true => format!("brew install {}", brew.join(" ")),
            false => format!("sudo apt-get install {}", apt.join(" ")),
        }
    }
}
