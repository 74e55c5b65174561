//! What is in the bucket, page by page: for the upkeep alone.

use aws_sdk_s3::primitives::DateTime;
use time::OffsetDateTime;

use crate::{Error, Files};

/// A multipart upload that is neither joined nor given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Where it is to be.
    pub key: String,
    /// S3's name for it.
    pub upload_id: String,
    /// When it was begun.
    pub begun_at: OffsetDateTime,
}

/// A page of multipart uploads, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnfinishedPage {
    /// What was found.
    pub found: Vec<Unfinished>,
    /// Key and name to go on behind; `None` at the end.
    pub next: Option<(String, String)>,
}

/// A page of keys, in S3's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeysPage {
    /// At most 1,000.
    pub keys: Vec<String>,
    /// Whether there are more.
    pub more: bool,
}

impl Files {
    /// Multipart uploads whose keys begin with `prefix`, behind `after`; one page.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn unfinished(
        &self,
        prefix: &str,
        after: Option<&(String, String)>,
    ) -> Result<UnfinishedPage, Error> {
        let page = self
            .s3()
            .list_multipart_uploads()
            .bucket(self.bucket())
            .prefix(prefix)
            .set_key_marker(after.map(|(key, _)| key.clone()))
            .set_upload_id_marker(after.map(|(_, id)| id.clone()))
            .send()
            .await?;
        let more = page.is_truncated() == Some(true);
        let next = page.next_key_marker.zip(page.next_upload_id_marker);
        let found = page.uploads.unwrap_or_default().into_iter();
        let found = found.filter_map(|upload| {
            Some(Unfinished {
                key: upload.key?,
                upload_id: upload.upload_id?,
                begun_at: moment(upload.initiated?)?,
            })
        });
        Ok(UnfinishedPage {
            found: found.collect(),
            next: next.filter(|_| more),
        })
    }

    /// Keys behind `after`, which need not be there itself; one page.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn keys(&self, after: &str) -> Result<KeysPage, Error> {
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        let page = self
            .s3()
            .list_objects_v2()
            .bucket(self.bucket())
            .set_start_after(after)
            .send()
            .await?;
        let more = page.is_truncated() == Some(true);
        let keys = page.contents.unwrap_or_default().into_iter();
        Ok(KeysPage {
            keys: keys.filter_map(|object| object.key).collect(),
            more,
        })
    }
}

fn moment(at: DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at.secs()).ok()
}
