//! Listings of objects and of uploads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::multipart::reported;
use super::{Answer, Service, answer, etag, signed};
use crate::s3::model::{Object as Stored, UploadDocument};
use crate::s3::store::Query;

/// Most entries on one page.
const PAGE: i32 = 1_000;

pub(super) fn objects(service: &Service, input: ListObjectsV2Input) -> Answer<ListObjectsV2Output> {
    let limit = input.max_keys.unwrap_or(PAGE).clamp(0, PAGE);
    let after = match &input.continuation_token {
        Some(token) => resume(token)?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let listing = service.store.list(
        &input.bucket,
        &Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().filter(|text| !text.is_empty()),
            after: &after,
            limit: usize::try_from(limit).unwrap_or_default(),
        },
    )?;
    let prefixes = listing.prefixes.into_iter().map(|prefix| CommonPrefix {
        prefix: Some(prefix),
    });
    let prefixes: Vec<CommonPrefix> = prefixes.collect();
    let contents: Vec<Object> = listing.objects.iter().map(|object| entry(object)).collect();
    answer(ListObjectsV2Output {
        key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
        max_keys: Some(limit),
        is_truncated: Some(listing.next.is_some()),
        next_continuation_token: listing.next.map(|key| URL_SAFE_NO_PAD.encode(key)),
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        name: Some(input.bucket),
        prefix: input.prefix,
        delimiter: input.delimiter,
        start_after: input.start_after,
        continuation_token: input.continuation_token,
        ..ListObjectsV2Output::default()
    })
}

pub(super) fn uploads(
    service: &Service,
    input: ListMultipartUploadsInput,
) -> Answer<ListMultipartUploadsOutput> {
    let prefix = input.prefix.clone().unwrap_or_default();
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.upload_id_marker.clone().unwrap_or_default();
    let mut found = service.store.in_bucket(&input.bucket, |bucket| {
        let uploads = bucket
            .uploads
            .values()
            .map(|upload| upload.document.clone());
        uploads
            .filter(|upload| upload.key.starts_with(&prefix))
            .collect::<Vec<_>>()
    })?;
    found.sort_by(|one, other| (&one.key, &one.id).cmp(&(&other.key, &other.id)));
    found.retain(|upload| {
        let same_key = upload.key == key_marker && !id_marker.is_empty() && upload.id > id_marker;
        upload.key > key_marker || same_key
    });
    let limit = input.max_uploads.unwrap_or(PAGE).clamp(0, PAGE);
    let count = usize::try_from(limit).unwrap_or_default();
    let more = found.len() > count;
    found.truncate(count);
    let last = found.last().filter(|_| more);
    answer(ListMultipartUploadsOutput {
        max_uploads: Some(limit),
        is_truncated: Some(more),
        next_key_marker: last.map(|upload| upload.key.clone()),
        next_upload_id_marker: last.map(|upload| upload.id.clone()),
        uploads: Some(found.iter().map(|upload| open(upload)).collect()),
        bucket: Some(input.bucket),
        prefix: input.prefix,
        key_marker: input.key_marker,
        upload_id_marker: input.upload_id_marker,
        ..ListMultipartUploadsOutput::default()
    })
}

fn open(upload: &UploadDocument) -> MultipartUpload {
    let kind = ChecksumType::from_static(upload.kind.name());
    MultipartUpload {
        key: Some(upload.key.clone()),
        upload_id: Some(upload.id.clone()),
        initiated: Some(upload.initiated.into()),
        checksum_algorithm: reported(upload),
        checksum_type: reported(upload).map(|_| kind),
        ..MultipartUpload::default()
    }
}

fn entry(object: &Stored) -> Object {
    let document = &object.document;
    let sum = &document.checksum;
    Object {
        key: Some(document.key.clone()),
        size: Some(signed(document.size)),
        e_tag: Some(etag(&document.etag)),
        last_modified: Some(document.modified.into()),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(sum.algorithm.name())]),
        checksum_type: Some(ChecksumType::from_static(sum.kind.name())),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Object::default()
    }
}

fn resume(token: &str) -> S3Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|key| String::from_utf8(key).ok())
        .ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "The continuation token provided is incorrect"
            )
        })
}
