//! Multipart uploads: begun, looked at, joined and given up by us; fed by clients.

use std::time::Duration;

use aws_sdk_s3::config::Config;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::upload::{Checksum, Plan};
use sha2::{Digest as _, Sha256};

use crate::{Error, Files};

/// How long S3 may take to join parts before we let the client ask again (API Gateway cuts at 29 s).
const JOIN: Duration = Duration::from_secs(20);

/// A part as S3 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// 1 to 10,000.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// What S3 calls this version of it.
    pub etag: String,
    /// Its SHA-256 in base64, for uploads that have checksums.
    pub sha256: Option<String>,
}

impl Files {
    /// Begins a multipart upload and answers S3's name for it.
    ///
    /// # Errors
    /// When S3 does not begin one.
    pub async fn create_multipart(
        &self,
        key: &str,
        content_type: &str,
        checksum: Checksum,
    ) -> Result<String, Error> {
        let (algorithm, kind) = match checksum {
            // SHA-256 exists only as a composite of the parts', CRC64NVME only of the whole object.
            Checksum::Sha256 => (ChecksumAlgorithm::Sha256, ChecksumType::Composite),
            Checksum::None => (ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject),
        };
        let begun = self
            .s3()
            .create_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .content_type(content_type)
            .checksum_algorithm(algorithm)
            .checksum_type(kind)
            .send()
            .await?;
        begun.upload_id.ok_or(Error::NoSuchUpload)
    }

    /// Every part that S3 has, in ascending order; read in pages of 1,000.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`] when there is none (any more).
    pub async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, Error> {
        let mut parts = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .s3()
                .list_parts()
                .bucket(self.bucket())
                .key(key)
                .upload_id(upload_id)
                .set_part_number_marker(marker)
                .send()
                .await?;
            let more = page.is_truncated() == Some(true);
            marker = page.next_part_number_marker;
            parts.extend(page.parts.unwrap_or_default().into_iter().map(stored));
            if !more || marker.is_none() {
                return Ok(parts);
            }
        }
    }

    /// Joins `parts` into the object. Not tried twice here: whoever gets no clear answer looks at the
    /// object first.
    ///
    /// # Errors
    /// [`Error::NoSuchUpload`] also when somebody else joined it already; [`Error::Unavailable`] when S3
    /// takes longer than 20 s (it goes on meanwhile).
    pub async fn complete(
        &self,
        key: &str,
        upload_id: &str,
        plan: &Plan,
        parts: &[StoredPart],
    ) -> Result<(), Error> {
        let parts = parts.iter().map(|part| {
            CompletedPart::builder()
                .part_number(part.number.cast_signed())
                .e_tag(&part.etag)
                .set_checksum_sha256(part.sha256.clone())
                .build()
        });
        let once = Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(JOIN)
                    .operation_timeout(JOIN)
                    .build(),
            );
        let joined = self
            .s3()
            .complete_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .upload_id(upload_id)
            .mpu_object_size(plan.size.cast_signed())
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts.collect()))
                    .build(),
            )
            .customize()
            .config_override(once)
            .send()
            .await?;
        if joined.e_tag.is_none() {
            return Err(Error::Unavailable(
                "S3 answered 200 without an object".into(),
            ));
        }
        Ok(())
    }

    /// Gives a multipart upload up and frees its parts; one that is gone already is fine.
    ///
    /// # Errors
    /// When S3 does not do it.
    pub async fn abort(&self, key: &str, upload_id: &str) -> Result<(), Error> {
        let aborted = self
            .s3()
            .abort_multipart_upload()
            .bucket(self.bucket())
            .key(key)
            .upload_id(upload_id)
            .send()
            .await;
        match aborted.map_err(Error::from) {
            Ok(_) | Err(Error::NoSuchUpload | Error::NoSuchObject) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The composite SHA-256 that S3 computes over `parts`, as it writes it: base64, a dash, their number.
/// `None` when a part lacks its own.
#[must_use]
pub fn composite(parts: &[StoredPart]) -> Option<String> {
    let digests: Option<Vec<Vec<u8>>> = parts
        .iter()
        .map(|part| STANDARD.decode(part.sha256.as_ref()?).ok())
        .collect();
    digests.map(|digests| composite_of(&digests))
}

/// The same over the SHA-256 of each part, in order.
#[must_use]
pub fn composite_of(digests: &[impl AsRef<[u8]>]) -> String {
    let mut whole = Sha256::new();
    for digest in digests {
        whole.update(digest);
    }
    format!("{}-{}", STANDARD.encode(whole.finalize()), digests.len())
}

fn stored(part: aws_sdk_s3::types::Part) -> StoredPart {
    StoredPart {
        number: part.part_number.unwrap_or_default().unsigned_abs(),
        size: part.size.unwrap_or_default().unsigned_abs(),
        etag: part.e_tag.unwrap_or_default(),
        sha256: part.checksum_sha256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_u5_composite_is_the_hash_of_the_parts_hashes() {
        let part = |number, bytes: &[u8]| StoredPart {
            number,
            size: 0,
            etag: String::new(),
            sha256: Some(STANDARD.encode(Sha256::digest(bytes))),
        };
        let mut both = Sha256::digest(b"a").to_vec();
        both.extend(Sha256::digest(b"b"));
        let wanted = format!("{}-2", STANDARD.encode(Sha256::digest(both)));
        assert_eq!(composite(&[part(1, b"a"), part(2, b"b")]), Some(wanted));
        let without = StoredPart {
            sha256: None,
            ..part(1, b"")
        };
        assert_eq!(composite(&[without]), None);
    }
}
