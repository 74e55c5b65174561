//! What is kept about objects and uploads: the documents on disk, and their files in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::checksum::{Algorithm, Kind, Sum};
use super::disk::DataFile;

/// One part: of an upload, or of the object that it became.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// 1 to 10,000.
    pub(super) number: i32,
    /// The name of its file in the folder `data`.
    pub(super) data: String,
    /// Bytes.
    pub(super) size: u64,
    /// Opaque and without quotes.
    pub(super) etag: String,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub(super) modified: OffsetDateTime,
    /// In the algorithm of the upload, base64.
    pub(super) checksum: String,
}

/// What a client says about an object and gets back with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// The document of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ObjectDocument {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) etag: String,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub(super) modified: OffsetDateTime,
    pub(super) headers: Headers,
    pub(super) tags: Vec<(String, String)>,
    pub(super) checksum: Sum,
    /// One for an object that was put whole.
    pub(super) parts: Vec<Part>,
    /// The upload that it was made by.
    pub(super) upload: Option<String>,
}

/// The document of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct UploadDocument {
    pub(super) id: String,
    pub(super) key: String,
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub(super) initiated: OffsetDateTime,
    pub(super) headers: Headers,
    pub(super) tags: Vec<(String, String)>,
    pub(super) algorithm: Algorithm,
    pub(super) kind: Kind,
    /// The client named no algorithm, so that it is S3's own affair.
    pub(super) implied: bool,
}

/// An object with a hold on its files: they stay readable while somebody reads them.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) document: ObjectDocument,
    pub(super) files: Vec<Arc<DataFile>>,
}

/// An upload under way.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) document: Arc<UploadDocument>,
    pub(super) parts: BTreeMap<i32, (Part, Arc<DataFile>)>,
}

/// One bucket.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    pub(super) uploads: HashMap<String, Upload>,
}

impl Object {
    /// Lets the files go once nobody reads them any more.
    pub(super) fn doom(&self) {
        for file in &self.files {
            file.doom();
        }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self {
            number: 1,
            data: String::new(),
            size: 0,
            etag: String::new(),
            modified: OffsetDateTime::UNIX_EPOCH,
            checksum: String::new(),
        }
    }
}
