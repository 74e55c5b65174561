//! Whole objects: put, get, head, delete.

use std::ops::Range;

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use time::OffsetDateTime;

use super::{Answer, Service, answer, blocking, etag, headers, may_replace, precondition, signed};
use crate::s3::checksum::{self, Algorithm, Kind, Sum};
use crate::s3::disk::DataFile;
use crate::s3::model::{Headers, Object, ObjectDocument, Part};
use crate::s3::read;
use crate::s3::receive::{Promise, Received, receive};
use crate::s3::store::{new_id, now};

/// Ends the operation unless the conditions of its input hold.
macro_rules! conditions {
    ($document:expr, $input:expr) => {
        Conditions {
            if_match: $input.if_match.as_ref(),
            if_none_match: $input.if_none_match.as_ref(),
            modified_since: $input.if_modified_since.clone().map(Into::into),
            unmodified_since: $input.if_unmodified_since.clone().map(Into::into),
        }
        .hold($document)?
    };
}

/// What a reader hears of an object; reading and asking for it have a type of answer each.
macro_rules! described {
    ($output:ident, $document:expr, $input:expr) => {{
        let document = $document;
        conditions!(document, $input);
        let selected = select(document, $input.range.as_ref(), $input.part_number)?;
        let headers = document.headers.clone();
        let mut output = $output {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(selected.bytes.end - selected.bytes.start)),
            content_range: selected.header(document),
            content_type: headers.content_type,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            metadata: headers.metadata,
            e_tag: Some(etag(&document.etag)),
            last_modified: Some(document.modified.into()),
            parts_count: selected.parts,
            ..$output::default()
        };
        if wants_checksum($input.checksum_mode.as_ref()) && !selected.partial {
            checksum::summed!(output, document);
        }
        (output, selected)
    }};
}

pub(super) async fn put(
    service: &Service,
    req: S3Request<PutObjectInput>,
) -> Answer<PutObjectOutput> {
    let mut input = req.input;
    let promise = Promise::of(
        checksum::given!(input),
        &req.headers,
        req.trailing_headers,
        input.content_md5.as_deref(),
        input.content_length,
    )?;
    let file = service.store.new_file(&input.bucket)?;
    // Without a promise S3 sums by itself.
    let algorithm = promise.algorithm().unwrap_or(Algorithm::Crc64Nvme);
    let received = receive(&file, input.body.take(), &promise, algorithm).await?;
    promise.verify(&received)?;
    let document = of_one_part(&file, &received, algorithm);
    let object = Object {
        document: ObjectDocument {
            key: input.key,
            headers: headers!(input),
            tags: super::tagging::parse(input.tagging.as_deref()),
            ..document
        },
        files: vec![file],
    };
    let (bucket, if_match, if_none_match) = (input.bucket, input.if_match, input.if_none_match);
    let object = blocking(service, move |store| {
        let object = store.put_object(&bucket, object, |there| {
            may_replace(there, if_match.as_ref(), if_none_match.as_ref())
        })?;
        store.notifier.created(&bucket, &object, "Put");
        Ok(object)
    })
    .await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&object.document.etag)),
        ..PutObjectOutput::default()
    };
    checksum::summed!(output, object.document);
    answer(output)
}

/// The document of an object that came whole, still without a name.
fn of_one_part(file: &DataFile, received: &Received, algorithm: Algorithm) -> ObjectDocument {
    let part = Part {
        number: 1,
        data: file.name(),
        size: received.size,
        etag: new_id(),
        modified: now(),
        checksum: checksum::value(&received.sums, algorithm).unwrap_or_default(),
    };
    ObjectDocument {
        key: String::new(),
        size: part.size,
        etag: part.etag.clone(),
        modified: part.modified,
        headers: Headers::default(),
        tags: Vec::new(),
        checksum: Sum {
            algorithm,
            kind: Kind::Full,
            value: part.checksum.clone(),
        },
        parts: vec![part],
        upload: None,
    }
}

pub(super) fn get(service: &Service, input: &GetObjectInput) -> Answer<GetObjectOutput> {
    let object = service.store.object(&input.bucket, &input.key)?;
    let (described, selected) = described!(GetObjectOutput, &object.document, input);
    let tags = i32::try_from(object.document.tags.len()).unwrap_or_default();
    answer(GetObjectOutput {
        body: Some(read::stream(&object, selected.bytes)),
        tag_count: Some(tags).filter(|count| *count > 0),
        ..described
    })
}

pub(super) fn head(service: &Service, input: &HeadObjectInput) -> Answer<HeadObjectOutput> {
    let object = service.store.object(&input.bucket, &input.key)?;
    let (described, _) = described!(HeadObjectOutput, &object.document, input);
    answer(described)
}

pub(super) async fn delete(
    service: &Service,
    input: DeleteObjectInput,
) -> Answer<DeleteObjectOutput> {
    blocking(service, move |store| {
        store.delete_object(&input.bucket, &input.key)
    })
    .await?;
    answer(DeleteObjectOutput::default())
}

pub(super) async fn delete_many(
    service: &Service,
    input: DeleteObjectsInput,
) -> Answer<DeleteObjectsOutput> {
    let quiet = input.delete.quiet == Some(true);
    let deleted = blocking(service, move |store| {
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            store.delete_object(&input.bucket, &object.key)?;
            deleted.push(DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            });
        }
        Ok(deleted)
    })
    .await?;
    answer(DeleteObjectsOutput {
        deleted: Some(deleted).filter(|_| !quiet),
        ..DeleteObjectsOutput::default()
    })
}

/// The bytes that a request selects.
struct Selected {
    bytes: Range<u64>,
    partial: bool,
    /// How many parts there are, when one was asked for by number.
    parts: Option<i32>,
}

impl Selected {
    fn header(&self, document: &ObjectDocument) -> Option<String> {
        let last = self.bytes.end.checked_sub(1)?;
        let first = self.bytes.start;
        let header = format!("bytes {first}-{last}/{}", document.size);
        self.partial.then_some(header)
    }
}

fn select(
    document: &ObjectDocument,
    range: Option<&s3s::dto::Range>,
    part: Option<i32>,
) -> S3Result<Selected> {
    let unsatisfiable = |_| s3_error!(InvalidRange, "The requested range is not satisfiable");
    let whole = Selected {
        bytes: 0..document.size,
        partial: false,
        parts: None,
    };
    match (range, part) {
        (Some(range), _) => Ok(Selected {
            bytes: range.check(document.size).map_err(unsatisfiable)?,
            partial: true,
            ..whole
        }),
        (None, Some(number)) => {
            let index = document.parts.iter().position(|part| part.number == number);
            let index = index.ok_or_else(|| {
                s3_error!(InvalidRange, "The requested partnumber is not satisfiable")
            })?;
            let start: u64 = document.parts[..index].iter().map(|part| part.size).sum();
            let count = i32::try_from(document.parts.len()).ok();
            Ok(Selected {
                bytes: start..start + document.parts[index].size,
                partial: true,
                parts: count.filter(|_| document.upload.is_some()),
            })
        }
        (None, None) => Ok(whole),
    }
}

fn wants_checksum(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

/// What a reader wants to be true, as RFC 9110 orders it.
struct Conditions<'a> {
    if_match: Option<&'a ETagCondition>,
    if_none_match: Option<&'a ETagCondition>,
    modified_since: Option<OffsetDateTime>,
    unmodified_since: Option<OffsetDateTime>,
}

impl Conditions<'_> {
    fn hold(&self, document: &ObjectDocument) -> S3Result<()> {
        let matches = |condition: &ETagCondition| {
            condition
                .as_etag()
                .is_none_or(|etag| etag.value() == document.etag)
        };
        // The header counts in seconds.
        let changed_after =
            |moment: OffsetDateTime| document.modified.unix_timestamp() > moment.unix_timestamp();
        match (self.if_match, self.unmodified_since) {
            (Some(condition), _) if !matches(condition) => return Err(precondition()),
            (None, Some(moment)) if changed_after(moment) => return Err(precondition()),
            _ => {}
        }
        match (self.if_none_match, self.modified_since) {
            (Some(condition), _) if matches(condition) => Err(s3_error!(NotModified)),
            (None, Some(moment)) if !changed_after(moment) => Err(s3_error!(NotModified)),
            _ => Ok(()),
        }
    }
}
