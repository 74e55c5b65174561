//! Finished objects: looked at, read a little, deleted.

use aws_sdk_s3::types::{ChecksumMode, Tag, Tagging};

use crate::{Error, Files};

/// The tag that the bucket's lifecycle rule looks for.
const TIER: &str = "maru-tier";

/// What S3 says about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Bytes.
    pub size: u64,
    /// Composite SHA-256 with the number of parts behind a dash, when it was made with one.
    pub sha256: Option<String>,
    /// CRC64NVME of the whole, in base64, when it was made with one.
    pub crc64: Option<String>,
}

impl Files {
    /// What S3 has under `key`; `None` when nothing.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn head(&self, key: &str) -> Result<Option<Object>, Error> {
        let found = self
            .s3()
            .head_object()
            .bucket(self.bucket())
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        match found.map_err(Error::from) {
            Ok(found) => Ok(Some(Object {
                size: found.content_length.unwrap_or_default().unsigned_abs(),
                sha256: found.checksum_sha256,
                crc64: found.checksum_crc64_nvme,
            })),
            Err(Error::NoSuchObject) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first `most` bytes of an object, or all of a shorter one; `None` when there is no object.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn first_bytes(&self, key: &str, most: u32) -> Result<Option<Vec<u8>>, Error> {
        self.range(key, 0, most).await
    }

    /// At most `most` bytes of an object from `offset`; `None` when there is no object.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn range(&self, key: &str, offset: u64, most: u32) -> Result<Option<Vec<u8>>, Error> {
        let last = offset + u64::from(most.saturating_sub(1));
        let found = self
            .s3()
            .get_object()
            .bucket(self.bucket())
            .key(key)
            .range(format!("bytes={offset}-{last}"))
            .send()
            .await
            .map_err(Error::from);
        let found = match found {
            Ok(found) => found,
            Err(Error::NoSuchObject) => return Ok(None),
            // There is no byte at `offset`: an empty object has none at all.
            Err(error) if error.is_refused_as("InvalidRange") => return Ok(Some(Vec::new())),
            Err(error) => return Err(error),
        };
        let body = found.body.collect().await;
        let body = body.map_err(|error| Error::Unavailable(error.into()))?;
        Ok(Some(body.to_vec()))
    }

    /// Stores a small object; one that is there is replaced.
    ///
    /// # Errors
    /// When S3 does not do it.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        self.s3()
            .put_object()
            .bucket(self.bucket())
            .key(key)
            .content_type(content_type)
            .body(bytes.into())
            .send()
            .await?;
        Ok(())
    }

    /// Tags an object for the cheaper storage class, which the bucket's lifecycle rule moves it to, or takes the tag
    /// away; an object that is gone needs neither.
    ///
    /// # Errors
    /// When S3 does not do it.
    pub async fn tag_tier(&self, key: &str, archive: bool) -> Result<(), Error> {
        let tagged = if archive {
            let tag = Tag::builder().key(TIER).value("archive").build();
            let tags = tag.and_then(|tag| Tagging::builder().tag_set(tag).build());
            let tags = tags.map_err(|_| Error::Config("a tag has a key and a value"))?;
            let tagging = self
                .s3()
                .put_object_tagging()
                .bucket(self.bucket())
                .key(key)
                .tagging(tags);
            tagging.send().await.map(drop).map_err(Error::from)
        } else {
            let tagging = self
                .s3()
                .delete_object_tagging()
                .bucket(self.bucket())
                .key(key);
            tagging.send().await.map(drop).map_err(Error::from)
        };
        match tagged {
            Ok(()) | Err(Error::NoSuchObject) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object; one that is gone already is fine.
    ///
    /// # Errors
    /// When S3 does not do it.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let deleted = self
            .s3()
            .delete_object()
            .bucket(self.bucket())
            .key(key)
            .send()
            .await;
        match deleted.map_err(Error::from) {
            Ok(_) | Err(Error::NoSuchObject) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
