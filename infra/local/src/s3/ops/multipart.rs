//! Multipart uploads: create, upload and list parts, complete, abort.

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::{Answer, Service, answer, blocking, etag, headers, signed};
use crate::s3::checksum::{self, Algorithm, Kind};
use crate::s3::join::{Claim, Completion};
use crate::s3::model::{Part as Stored, UploadDocument};
use crate::s3::receive::{Promise, receive};
use crate::s3::store::{new_id, now};

/// Most parts on one page of ListParts.
const PAGE: i32 = 1_000;

pub(super) async fn create(
    service: &Service,
    input: CreateMultipartUploadInput,
) -> Answer<CreateMultipartUploadOutput> {
    let named = input.checksum_algorithm.as_ref();
    let named = named
        .map(|name| Algorithm::parse(name.as_str()))
        .transpose()?;
    let algorithm = named.unwrap_or(Algorithm::Crc64Nvme);
    let wanted = input.checksum_type.as_ref().map(ChecksumType::as_str);
    let document = UploadDocument {
        id: new_id(),
        key: input.key.clone(),
        initiated: now(),
        headers: headers!(input),
        tags: super::tagging::parse(input.tagging.as_deref()),
        algorithm,
        kind: algorithm.kind(wanted)?,
        implied: named.is_none(),
    };
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key),
        upload_id: Some(document.id.clone()),
        checksum_algorithm: reported(&document),
        checksum_type: reported(&document).map(|_| ChecksumType::from_static(document.kind.name())),
        ..CreateMultipartUploadOutput::default()
    };
    blocking(service, move |store| {
        store.create_upload(&input.bucket, document)
    })
    .await?;
    answer(output)
}

pub(super) async fn upload_part(
    service: &Service,
    req: S3Request<UploadPartInput>,
) -> Answer<UploadPartOutput> {
    let mut input = req.input;
    if !(1..=10_000).contains(&input.part_number) {
        return Err(s3_error!(
            InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive"
        ));
    }
    let upload = service
        .store
        .upload(&input.bucket, &input.key, &input.upload_id)?;
    let promise = Promise::of(
        checksum::given!(input),
        &req.headers,
        req.trailing_headers,
        input.content_md5.as_deref(),
        input.content_length,
    )?;
    expect(&upload, promise.algorithm())?;
    let file = service.store.new_file(&input.bucket)?;
    let received = receive(&file, input.body.take(), &promise, upload.algorithm).await?;
    promise.verify(&received)?;
    let part = Stored {
        number: input.part_number,
        data: file.name(),
        size: received.size,
        etag: new_id(),
        modified: now(),
        checksum: checksum::value(&received.sums, upload.algorithm).unwrap_or_default(),
    };
    let mut output = UploadPartOutput {
        e_tag: Some(etag(&part.etag)),
        ..UploadPartOutput::default()
    };
    let algorithm = promise.algorithm().unwrap_or(upload.algorithm);
    if let Some(value) = checksum::value(&received.sums, algorithm) {
        checksum::report!(output, algorithm, value);
    }
    blocking(service, move |store| {
        store.put_part(&input.bucket, &upload, part, file)
    })
    .await?;
    answer(output)
}

pub(super) fn list_parts(service: &Service, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let names = (
        input.bucket.as_str(),
        input.key.as_str(),
        input.upload_id.as_str(),
    );
    let upload = service.store.upload(names.0, names.1, names.2)?;
    let limit = input.max_parts.unwrap_or(PAGE).clamp(0, PAGE);
    let after = input.part_number_marker.unwrap_or_default();
    let count = usize::try_from(limit).unwrap_or_default();
    let (parts, more) = service.store.parts(names, after, count)?;
    answer(ListPartsOutput {
        max_parts: Some(limit),
        part_number_marker: Some(after),
        next_part_number_marker: parts.last().map(|part| part.number).or(Some(after)),
        is_truncated: Some(more),
        parts: Some(parts.iter().map(|part| listed(&upload, part)).collect()),
        checksum_algorithm: reported(&upload),
        checksum_type: reported(&upload).map(|_| ChecksumType::from_static(upload.kind.name())),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        ..ListPartsOutput::default()
    })
}

pub(super) async fn complete(
    service: &Service,
    input: CompleteMultipartUploadInput,
) -> Answer<CompleteMultipartUploadOutput> {
    let parts = input.multipart_upload.and_then(|list| list.parts);
    let claims = parts.unwrap_or_default().into_iter().map(|part| Claim {
        number: part.part_number.unwrap_or_default(),
        checksum: only(checksum::given!(part)),
        etag: part.e_tag.map(ETag::into_value),
    });
    let completion = Completion {
        claims: claims.collect(),
        size: input.mpu_object_size,
        kind: input.checksum_type.map(|kind| kind.as_str().to_owned()),
        checksum: only([
            (Algorithm::Crc32, input.checksum_crc32),
            (Algorithm::Crc32c, input.checksum_crc32c),
            (Algorithm::Crc64Nvme, input.checksum_crc64nvme),
            (Algorithm::Sha1, input.checksum_sha1),
            (Algorithm::Sha256, input.checksum_sha256),
        ]),
        only_new: input.if_none_match.is_some(),
    };
    let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id);
    let object = blocking(service, move |store| {
        let (object, new) = store.complete((&bucket, &key, &id), &completion)?;
        if new {
            store
                .notifier
                .created(&bucket, &object, "CompleteMultipartUpload");
        }
        Ok(object)
    })
    .await?;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(etag(&object.document.etag)),
        ..CompleteMultipartUploadOutput::default()
    };
    checksum::summed!(output, object.document);
    answer(output)
}

pub(super) async fn abort(
    service: &Service,
    input: AbortMultipartUploadInput,
) -> Answer<AbortMultipartUploadOutput> {
    blocking(service, move |store| {
        store.abort(&input.bucket, &input.key, &input.upload_id)
    })
    .await?;
    answer(AbortMultipartUploadOutput::default())
}

/// The algorithm of an upload, if its client named one.
pub(super) fn reported(upload: &UploadDocument) -> Option<ChecksumAlgorithm> {
    (!upload.implied).then(|| ChecksumAlgorithm::from_static(upload.algorithm.name()))
}

/// Refuses a part whose checksum is not of the upload's algorithm, or is missing where the
/// object's is made of them.
fn expect(upload: &UploadDocument, promised: Option<Algorithm>) -> S3Result<()> {
    let fits = match promised {
        _ if upload.implied => true,
        Some(algorithm) => algorithm == upload.algorithm,
        None => upload.kind == Kind::Full,
    };
    if fits {
        return Ok(());
    }
    let actual = promised.map_or("null".to_owned(), |algorithm| {
        algorithm.name().to_lowercase()
    });
    Err(s3_error!(
        InvalidRequest,
        "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {actual}",
        upload.algorithm.name().to_lowercase()
    ))
}

fn listed(upload: &UploadDocument, part: &Stored) -> Part {
    let mut listed = Part {
        part_number: Some(part.number),
        size: Some(signed(part.size)),
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(part.modified.into()),
        ..Part::default()
    };
    if !upload.implied {
        checksum::report!(listed, upload.algorithm, part.checksum.clone());
    }
    listed
}

fn only(given: [(Algorithm, Option<String>); 5]) -> Option<(Algorithm, String)> {
    given
        .into_iter()
        .find_map(|(algorithm, value)| Some((algorithm, value?)))
}
