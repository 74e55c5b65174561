//! Reading a store again: what a former process left, without what it left half done.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::disk::{DataFile, remove};
use super::model::{Bucket, Object, ObjectDocument, Part, Upload, UploadDocument};

/// Every bucket of the folder `root`.
pub(super) fn load(root: &Path) -> io::Result<BTreeMap<String, Bucket>> {
    let mut buckets = BTreeMap::new();
    for path in entries(root)? {
        if path.join("objects").is_dir() {
            let name = path.file_name().unwrap_or_default();
            buckets.insert(name.to_string_lossy().into_owned(), load_bucket(&path)?);
        }
    }
    Ok(buckets)
}

fn load_bucket(folder: &Path) -> io::Result<Bucket> {
    let mut reading = Reading {
        data: folder.join("data"),
        used: HashSet::new(),
        whole: true,
    };
    let mut bucket = Bucket::default();
    let mut completed = HashSet::new();
    for path in entries(&folder.join("objects"))? {
        if let Some(document) = reading.document::<ObjectDocument>(&path) {
            completed.extend(document.upload.clone());
            let files = document.parts.iter().map(|part| reading.file(part));
            let object = Object {
                files: files.collect(),
                document,
            };
            let key = object.document.key.clone();
            bucket.objects.insert(key, Arc::new(object));
        }
    }
    for path in entries(&folder.join("uploads"))? {
        let id = path.file_name().unwrap_or_default().to_string_lossy();
        if completed.contains(id.as_ref()) {
            // It ended between the object's document and the removal of its own.
            remove(&path);
        } else if let Some(upload) = load_upload(&path, &mut reading)? {
            bucket.uploads.insert(id.into_owned(), upload);
        }
    }
    if reading.whole {
        sweep(&reading)?;
    }
    Ok(bucket)
}

fn load_upload(folder: &Path, reading: &mut Reading) -> io::Result<Option<Upload>> {
    let document = folder.join("upload.json");
    if !document.exists() {
        // It was being made or aborted.
        remove(folder);
        return Ok(None);
    }
    let Some(document) = reading.document::<UploadDocument>(&document) else {
        return Ok(None);
    };
    let mut parts = BTreeMap::new();
    for path in entries(folder)? {
        if path.ends_with("upload.json") {
            continue;
        }
        if let Some(part) = reading.document::<Part>(&path) {
            let file = reading.file(&part);
            parts.insert(part.number, (part, file));
        }
    }
    Ok(Some(Upload {
        document: Arc::new(document),
        parts,
    }))
}

/// What is known while one bucket is read.
struct Reading {
    data: PathBuf,
    used: HashSet<String>,
    /// Every document could be read, so that bytes without one are surely nobody's.
    whole: bool,
}

impl Reading {
    fn document<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        if path.extension().is_some_and(|extension| extension == "new") {
            remove(path);
            return None;
        }
        let read = fs::read(path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        match read {
            Ok(document) => Some(document),
            Err(error) => {
                self.whole = false;
                tracing::warn!(path = %path.display(), %error, "a document cannot be read and is left alone");
                None
            }
        }
    }

    fn file(&mut self, part: &Part) -> Arc<DataFile> {
        self.used.insert(part.data.clone());
        DataFile::existing(self.data.join(&part.data))
    }
}

/// Removes bytes that no document speaks of: a killed process was still receiving them.
fn sweep(reading: &Reading) -> io::Result<()> {
    for path in entries(&reading.data)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !reading.used.contains(name.as_ref()) {
            remove(&path);
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}
