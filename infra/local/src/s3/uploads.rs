//! Multipart uploads in the store: parts come in any order, completing joins a list of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use s3s::{S3Error, S3Result, s3_error};
use time::Duration;

use super::disk::{DataFile, remove, stage};
use super::join::{Completion, invalid_part, join};
use super::model::{Object, Part, Upload, UploadDocument};
use super::store::{Store, broken, no_bucket, now};

/// How long the completion of a finished upload is answered again.
const REPEAT: Duration = Duration::minutes(10);

impl Store {
    pub(super) fn create_upload(&self, bucket: &str, document: UploadDocument) -> S3Result<()> {
        if !self.has_bucket(bucket) {
            return Err(no_bucket());
        }
        let folder = self.upload_path(bucket, &document.id);
        let staged = std::fs::create_dir_all(&folder)
            .and_then(|()| stage(folder.join("upload.json"), &document))
            .map_err(|error| {
                remove(&folder);
                broken(&error)
            })?;
        let mut buckets = self.write();
        let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
        staged.commit().map_err(|error| broken(&error))?;
        let upload = Upload {
            document: Arc::new(document),
            parts: BTreeMap::new(),
        };
        place.uploads.insert(upload.document.id.clone(), upload);
        Ok(())
    }

    pub(super) fn upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> S3Result<Arc<UploadDocument>> {
        self.in_upload(bucket, key, id, |upload| Arc::clone(&upload.document))
    }

    /// Adds a part, in the place of an earlier one of its number.
    pub(super) fn put_part(
        &self,
        bucket: &str,
        upload: &UploadDocument,
        part: Part,
        file: Arc<DataFile>,
    ) -> S3Result<()> {
        let path = self
            .upload_path(bucket, &upload.id)
            .join(format!("{}.json", part.number));
        // Without its folder the upload was aborted or completed while the bytes came.
        let staged = stage(path, &part).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => no_upload(),
            _ => broken(&error),
        })?;
        let mut buckets = self.write();
        let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
        let upload = place.uploads.get_mut(&upload.id).ok_or_else(no_upload)?;
        staged.commit().map_err(|error| broken(&error))?;
        file.keep();
        if let Some((_, before)) = upload.parts.insert(part.number, (part, file)) {
            before.doom();
        }
        Ok(())
    }

    /// At most `limit` parts with numbers above `after`, and whether there are more.
    pub(super) fn parts(
        &self,
        (bucket, key, id): (&str, &str, &str),
        after: i32,
        limit: usize,
    ) -> S3Result<(Vec<Part>, bool)> {
        self.in_upload(bucket, key, id, |upload| {
            let mut rest = upload.parts.range(after.saturating_add(1)..);
            let page = rest.by_ref().take(limit).map(|(_, (part, _))| part.clone());
            (page.collect(), rest.next().is_some())
        })
    }

    /// Makes the object of the listed parts, or answers the one that the upload became already;
    /// whether it is new.
    pub(super) fn complete(
        &self,
        (bucket, key, id): (&str, &str, &str),
        completion: &Completion,
    ) -> S3Result<(Arc<Object>, bool)> {
        if let Some(object) = self.completed(bucket, key, id)? {
            return Ok((object, false));
        }
        let joined = self.in_upload(bucket, key, id, |upload| join(upload, completion))??;
        let path = self.object_path(bucket, key);
        let staged = stage(path, &joined.document).map_err(|error| broken(&error))?;
        let object = Arc::new(joined);
        {
            let mut buckets = self.write();
            let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
            let Some(upload) = place.uploads.get(id) else {
                drop(buckets);
                let completed = self.completed(bucket, key, id)?.ok_or_else(no_upload)?;
                return Ok((completed, false));
            };
            if !still_holds(upload, &object) {
                return Err(invalid_part());
            }
            if completion.only_new && place.objects.contains_key(key) {
                return Err(s3_error!(
                    PreconditionFailed,
                    "At least one of the pre-conditions you specified did not hold"
                ));
            }
            staged.commit().map_err(|error| broken(&error))?;
            if let Some(upload) = place.uploads.remove(id) {
                for (_, file) in upload.parts.values() {
                    file.doom();
                }
            }
            place.put(&object);
        }
        remove(&self.upload_path(bucket, id));
        Ok((object, true))
    }

    /// Forgets an upload and its parts.
    pub(super) fn abort(&self, bucket: &str, key: &str, id: &str) -> S3Result<()> {
        self.upload(bucket, key, id)?;
        // The document goes first: a folder without it is no upload when the store is read again.
        let folder = self.upload_path(bucket, id);
        let upload = {
            let mut buckets = self.write();
            let place = buckets.get_mut(bucket).ok_or_else(no_bucket)?;
            let upload = place.uploads.remove(id).ok_or_else(no_upload)?;
            std::fs::remove_file(folder.join("upload.json")).map_err(|error| broken(&error))?;
            upload
        };
        for (_, file) in upload.parts.values() {
            file.doom();
        }
        drop(upload);
        remove(&folder);
        Ok(())
    }

    /// The object that this upload became, for a while after it did.
    fn completed(&self, bucket: &str, key: &str, id: &str) -> S3Result<Option<Arc<Object>>> {
        self.in_bucket(bucket, |bucket| {
            bucket.objects.get(key).cloned().filter(|object| {
                object.document.upload.as_deref() == Some(id)
                    && now() - object.document.modified < REPEAT
            })
        })
    }

    fn in_upload<T>(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        read: impl FnOnce(&Upload) -> T,
    ) -> S3Result<T> {
        self.in_bucket(bucket, |bucket| {
            let upload = bucket.uploads.get(id);
            upload.filter(|upload| upload.document.key == key).map(read)
        })?
        .ok_or_else(no_upload)
    }

    fn upload_path(&self, bucket: &str, id: &str) -> PathBuf {
        self.root.join(bucket).join("uploads").join(id)
    }
}

/// Whether no part of `object` was uploaded again since it was joined.
fn still_holds(upload: &Upload, object: &Object) -> bool {
    let mut parts = object.files.iter().zip(&object.document.parts);
    parts.all(|(file, part)| {
        let now = upload.parts.get(&part.number);
        now.is_some_and(|(_, now)| Arc::ptr_eq(now, file))
    })
}

fn no_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}
