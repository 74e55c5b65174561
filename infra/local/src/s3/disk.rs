//! Files: bytes that vanish unless they are kept, and documents that are there whole or not.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;

/// A file of bytes, removed when it is doomed and the last one who holds it lets go.
#[derive(Debug)]
pub(super) struct DataFile {
    path: PathBuf,
    doomed: AtomicBool,
}

/// A document written and flushed beside its place.
#[derive(Debug)]
pub(super) struct Staged {
    beside: PathBuf,
    path: PathBuf,
    committed: bool,
}

impl DataFile {
    /// A file that is still to be written, doomed until [`DataFile::keep`].
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            doomed: AtomicBool::new(true),
        })
    }

    /// A file that is there already.
    pub(super) fn existing(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            doomed: AtomicBool::new(false),
        })
    }

    pub(super) fn keep(&self) {
        self.doomed.store(false, Ordering::Release);
    }

    pub(super) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    pub(super) fn create(&self) -> io::Result<File> {
        File::create_new(&self.path).map_err(at(&self.path))
    }

    /// Adds `bytes` to the `file` that [`DataFile::create`] made.
    pub(super) fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes).map_err(at(&self.path))
    }

    pub(super) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Its name within the folder.
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            remove(&self.path);
        }
    }
}

impl Staged {
    /// Puts the document in its place, whatever was there before.
    pub(super) fn commit(mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.path)?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.committed {
            remove(&self.beside);
        }
    }
}

/// Writes a document beside `path` and flushes it, so that committing it is a mere rename.
pub(super) fn stage(path: PathBuf, document: &impl Serialize) -> io::Result<Staged> {
    // Two requests may stage the same document at once.
    static STAGED: AtomicU64 = AtomicU64::new(0);
    let number = STAGED.fetch_add(1, Ordering::Relaxed);
    let staged = Staged {
        beside: path.with_extension(format!("{number}.new")),
        path,
        committed: false,
    };
    let document = serde_json::to_vec(document)?;
    let write = || {
        let mut file = File::create(&staged.beside)?;
        file.write_all(&document)?;
        file.sync_all()
    };
    write().map_err(at(&staged.path))?;
    Ok(staged)
}

/// For `map_err`: the same error, which tells where it happened.
fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Removes a file or a folder with all it holds; what is gone already is fine.
pub(super) fn remove(path: &Path) {
    let removed = match fs::remove_file(path) {
        Err(_) if path.is_dir() => fs::remove_dir_all(path),
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file was not removed");
        }
        _ => {}
    }
}
