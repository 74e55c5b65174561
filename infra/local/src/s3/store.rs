//! The store: buckets in memory, each change on disk before it is seen.
//!
//! `BUCKET/data` holds bytes, `BUCKET/objects` and `BUCKET/uploads` say in JSON what they are. A
//! document is flushed beside its place before the lock is taken, so that the change itself is a
//! rename. Bytes are not flushed: a killed process loses nothing, a power cut may cost the last
//! seconds.
#![expect(
    clippy::disallowed_methods,
    reason = "the local stack is an edge: it reads the clock and makes ids itself"
)]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use s3s::crypto::{Checksum as _, Sha256};
use s3s::{S3Error, S3Result, s3_error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::checksum::hex;
use super::disk::{DataFile, stage};
use super::events::Notifier;
use super::model::{Bucket, Object};

/// All buckets of one folder.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) root: PathBuf,
    buckets: RwLock<BTreeMap<String, Bucket>>,
    pub(super) notifier: Notifier,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) objects: Vec<Arc<Object>>,
    pub(super) prefixes: Vec<String>,
    /// The last key or prefix seen, when there is more.
    pub(super) next: Option<String>,
}

/// What a listing is to hold.
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// Keys after this one; a prefix that was listed counts for all its keys.
    pub(super) after: &'a str,
    pub(super) limit: usize,
}

impl Store {
    /// Reads what is in `root`, and makes the buckets that are missing.
    pub(super) fn open(root: PathBuf, wanted: &[String], notifier: Notifier) -> io::Result<Self> {
        std::fs::create_dir_all(&root)?;
        let buckets = super::load::load(&root)?;
        let store = Self {
            root,
            buckets: RwLock::new(buckets),
            notifier,
        };
        for name in wanted {
            store.create_bucket(name)?;
        }
        Ok(store)
    }

    /// Makes a bucket unless it is there.
    pub(super) fn create_bucket(&self, name: &str) -> io::Result<()> {
        for folder in ["data", "objects", "uploads"] {
            std::fs::create_dir_all(self.root.join(name).join(folder))?;
        }
        self.write().entry(name.to_owned()).or_default();
        Ok(())
    }

    pub(super) fn has_bucket(&self, name: &str) -> bool {
        self.read().contains_key(name)
    }

    /// A file for bytes that are about to come.
    pub(super) fn new_file(&self, bucket: &str) -> S3Result<Arc<DataFile>> {
        if !self.has_bucket(bucket) {
            return Err(no_bucket());
        }
        let name = Uuid::now_v7().simple().to_string();
        Ok(DataFile::new(
            self.root.join(bucket).join("data").join(name),
        ))
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.in_bucket(bucket, |bucket| bucket.objects.get(key).cloned())?
            .ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }

    /// Puts an object in the place of whatever the key held, if `allowed` by what is there.
    pub(super) fn put_object(
        &self,
        bucket: &str,
        object: Object,
        allowed: impl Fn(Option<&Object>) -> S3Result<()>,
    ) -> S3Result<Arc<Object>> {
        let path = self.object_path(bucket, &object.document.key);
        let staged = stage(path, &object.document).map_err(|error| broken(&error))?;
        let object = Arc::new(object);
        let mut buckets = self.write();
        let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
        allowed(place.objects.get(&object.document.key).map(AsRef::as_ref))?;
        staged.commit().map_err(|error| broken(&error))?;
        place.put(&object);
        Ok(object)
    }

    /// Removes an object; what is not there is removed already.
    pub(super) fn delete_object(&self, bucket: &str, key: &str) -> S3Result<()> {
        let path = self.object_path(bucket, key);
        let mut buckets = self.write();
        let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
        if place.objects.contains_key(key) {
            std::fs::remove_file(path).map_err(|error| broken(&error))?;
        }
        if let Some(object) = place.objects.remove(key) {
            object.doom();
        }
        Ok(())
    }

    /// Replaces the tags of an object.
    pub(super) fn tag(&self, bucket: &str, key: &str, tags: &[(String, String)]) -> S3Result<()> {
        let known = self.object(bucket, key)?;
        let mut changed = Object::clone(&known);
        changed.document.tags = tags.to_vec();
        let path = self.object_path(bucket, key);
        let staged = stage(path, &changed.document).map_err(|error| broken(&error))?;
        let mut buckets = self.write();
        let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
        match place.objects.get_mut(key) {
            Some(now) if now.document.etag == known.document.etag => {
                staged.commit().map_err(|error| broken(&error))?;
                *now = Arc::new(changed);
                Ok(())
            }
            _ => Err(s3_error!(
                OperationAborted,
                "The object was replaced meanwhile."
            )),
        }
    }

    /// The next objects in the order of their keys.
    pub(super) fn list(&self, bucket: &str, query: &Query<'_>) -> S3Result<Listing> {
        self.in_bucket(bucket, |bucket| bucket.list(query))
    }

    pub(super) fn in_bucket<T>(&self, name: &str, read: impl FnOnce(&Bucket) -> T) -> S3Result<T> {
        self.read().get(name).map(read).ok_or_else(no_bucket)
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn object_path(&self, bucket: &str, key: &str) -> PathBuf {
        object_path(&self.root.join(bucket), key)
    }
}

impl Bucket {
    /// Puts an object in memory; the files of the one before go with their last reader.
    pub(super) fn put(&mut self, object: &Arc<Object>) {
        for file in &object.files {
            file.keep();
        }
        let key = object.document.key.clone();
        if let Some(before) = self.objects.insert(key, Arc::clone(object)) {
            before.doom();
        }
    }

    fn list(&self, query: &Query<'_>) -> Listing {
        let mut listing = Listing::default();
        let mut last = None;
        let from = query.prefix.max(query.after);
        for (key, object) in self.objects.range(from.to_owned()..) {
            if !key.starts_with(query.prefix) {
                break;
            }
            let group = query.delimiter.and_then(|delimiter| {
                let end = key[query.prefix.len()..].find(delimiter)?;
                Some(&key[..query.prefix.len() + end + delimiter.len()])
            });
            let seen = key.as_str() <= query.after && !query.after.is_empty();
            let grouped = group.is_some_and(|group| {
                group == query.after || listing.prefixes.last().is_some_and(|last| last == group)
            });
            if seen || grouped {
                continue;
            }
            if listing.objects.len() + listing.prefixes.len() == query.limit {
                listing.next = last;
                break;
            }
            match group {
                Some(group) => listing.prefixes.push(group.to_owned()),
                None => listing.objects.push(Arc::clone(object)),
            }
            last = Some(group.unwrap_or(key).to_owned());
        }
        listing
    }
}

/// The moment of a change.
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// A new name: of an upload, or an opaque ETag as S3 gives for encrypted objects.
pub(super) fn new_id() -> String {
    Uuid::now_v7().simple().to_string()
}

/// Where the document of an object lies; keys are longer than file names may be.
pub(super) fn object_path(bucket: &Path, key: &str) -> PathBuf {
    let name = hex(Sha256::checksum(key.as_bytes()).as_ref());
    bucket.join("objects").join(format!("{name}.json"))
}

pub(super) fn no_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist")
}

/// What the disk did, as S3 would say it; the reason goes to the log.
pub(super) fn broken(error: &io::Error) -> S3Error {
    tracing::error!(%error, "the S3 store cannot use its disk");
    match error.kind() {
        // The last is what a limit on files (`ulimit -f`) answers.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            s3_error!(
                SlowDown,
                "The disk of the local store is full ({error}): free some of it, or start the stack with --data ELSEWHERE."
            )
        }
        _ => s3_error!(
            InternalError,
            "We encountered an internal error. Please try again."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_so_and_what_to_do() {
        let full = broken(&io::ErrorKind::StorageFull.into());
        assert_eq!(
            full.status_code(),
            Some(http::StatusCode::SERVICE_UNAVAILABLE)
        );
        let said = full.message().unwrap_or_default();
        assert!(said.contains("full") && said.contains("--data"), "{said}");
    }
}
