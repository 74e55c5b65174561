//! The data folder: where it is, whose it is, how much room is left.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// Below this a database could not even keep its write-ahead log.
const NEEDED_MB: u64 = 400;

/// How often, and how far apart, a folder that is still being written is removed again.
const REMOVE_TRIES: u32 = 50;
const REMOVE_PAUSE: Duration = Duration::from_millis(20);

/// The file that says whose the folder is.
const LOCK: &str = "maru.lock";

/// A folder that belongs to this stack alone, as long as this value lives.
#[derive(Debug)]
pub struct Data {
    root: PathBuf,
    is_new: bool,
    /// Locked; the lock ends with the process, however that ends.
    _lock: File,
}

impl Data {
    /// Takes the folder for this process, forgetting what is in it when `reset` says so.
    ///
    /// # Errors
    /// [`Error::Locked`] when another stack has it, [`Error::DiskFull`], or what the disk answers.
    pub fn take(root: &Path, reset: bool) -> Result<Self, Error> {
        let ours = root.join(LOCK).exists();
        let forgets = reset && ours;
        // Before anything is written: a full disk would refuse that in its own, shorter words.
        if !forgets {
            enough_room(root, NEEDED_MB)?;
        }
        make_folder(root)?;
        let root = root
            .canonicalize()
            .map_err(Error::io(format!("find {}", root.display())))?;
        let lock = lock(&root)?;
        if forgets {
            forget(&root)?;
            enough_room(&root, NEEDED_MB)?;
        }
        // Logs tell about one run.
        remove(&root.join("logs"))?;
        make_folder(&root.join("logs"))?;
        Ok(Self {
            root,
            is_new: !ours || reset,
            _lock: lock,
        })
    }

    /// Whether nothing of an earlier stack is in it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Removes the folder and all that is in it.
    ///
    /// # Errors
    /// What the disk answers.
    pub async fn remove(&self) -> Result<(), Error> {
        // A part that was interrupted while it started may still be making a file.
        for _ in 0..REMOVE_TRIES {
            if remove(&self.root).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(REMOVE_PAUSE).await;
        }
        remove(&self.root)
    }

    /// Where the part called `name` logs.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }
}

/// The folder meant by `--data`, or the one beside the template.
#[must_use]
pub fn folder(asked: Option<&Path>, template: &Path) -> PathBuf {
    match (asked, template.parent()) {
        (Some(asked), _) => asked.to_path_buf(),
        (None, Some(project)) => project.join(".local"),
        (None, None) => PathBuf::from(".local"),
    }
}

/// The template: the nearest one above the current folder, else the one this program was built beside.
#[must_use]
pub fn template() -> PathBuf {
    let built_beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .chain([built_beside.as_path()])
        .map(|folder| folder.join("template.yaml"))
        .find(|file| file.is_file())
        .unwrap_or_else(|| built_beside.join("template.yaml"))
}

/// Makes a folder that others may pass through but not list, with its parents.
///
/// # Errors
/// What the disk answers.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(path)
        .map_err(Error::io(format!("make the folder {}", path.display())))
}

/// Writes a file that only we may read, all at once.
///
/// # Errors
/// What the disk answers.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let half = path.with_extension("new");
    let write = || {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&half)?
            .write_all(content)?;
        std::fs::rename(&half, path)
    };
    write().map_err(Error::io(format!("write {}", path.display())))
}

/// Removes a folder or file if it is there.
///
/// # Errors
/// What the disk answers.
pub fn remove(path: &Path) -> Result<(), Error> {
    let removed = if path.is_dir() && !path.is_symlink() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join(LOCK);
    let what = || format!("lock {}", path.display());
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io(what()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(Error::io(what()))?;
            return Err(Error::Locked {
                data: root.to_path_buf(),
                pid: pid.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(Error::io(what())(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(Error::io(what()))?;
    Ok(file)
}

/// Removes what a stack keeps, and nothing else: a folder given by mistake keeps what is in it.
fn forget(root: &Path) -> Result<(), Error> {
    for name in [
        "postgres",
        "redis",
        "s3",
        "dynamodb.sqlite",
        "dynamodb.sqlite-shm",
        "dynamodb.sqlite-wal",
        "secrets.json",
        "passwords.json",
        "stack.json",
        "mail",
    ] {
        remove(&root.join(name))?;
    }
    Ok(())
}

fn enough_room(root: &Path, needed_mb: u64) -> Result<(), Error> {
    // The folder itself may still have to be made.
    let there = root.ancestors().find(|folder| folder.exists());
    let space = rustix::fs::statvfs(there.unwrap_or(Path::new("."))).map_err(|error| {
        Error::io(format!("ask for the room on {}", root.display()))(error.into())
    })?;
    let free_mb = space.f_bavail.saturating_mul(space.f_frsize) / (1 << 20);
    if free_mb < needed_mb {
        return Err(Error::DiskFull {
            data: root.to_path_buf(),
            free_mb,
            needed_mb,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_what_to_do() {
        let root = std::env::temp_dir();
        assert!(enough_room(&root, 0).is_ok());
        let refused = enough_room(&root, u64::MAX).map_err(|error| error.to_string());
        let said = refused.expect_err("nobody has that much");
        assert!(said.contains(&root.display().to_string()), "{said}");
        assert!(said.contains("free some"), "{said}");
    }
}
