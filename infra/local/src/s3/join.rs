//! Completing: what the client lists against what is here, and the object that it makes.

use std::sync::Arc;

use s3s::{S3Error, S3Result, s3_error};

use super::checksum::{Algorithm, Kind, bad_digest, etag_of_parts, of_parts};
use super::disk::DataFile;
use super::model::{Object, ObjectDocument, Part, Upload, UploadDocument};
use super::store::now;

/// Every part but the last has at least this many bytes.
const MIN_PART: u64 = 5 * 1024 * 1024;

/// A part as the client lists it when it completes.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) number: i32,
    pub(super) etag: Option<String>,
    pub(super) checksum: Option<(Algorithm, String)>,
}

/// What the client says about the whole when it completes.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) claims: Vec<Claim>,
    pub(super) size: Option<i64>,
    pub(super) kind: Option<String>,
    pub(super) checksum: Option<(Algorithm, String)>,
    /// Only if the key holds nothing yet.
    pub(super) only_new: bool,
}

/// Checks what the client listed against what is here, and joins it.
pub(super) fn join(upload: &Upload, completion: &Completion) -> S3Result<Object> {
    let document = &upload.document;
    let (parts, files) = listed(upload, &completion.claims)?;
    let size: u64 = parts.iter().map(|part| part.size).sum();
    if let Some(claimed) = completion.size
        && u64::try_from(claimed) != Ok(size)
    {
        return Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header value {claimed} does not match what was computed: {size}"
        ));
    }
    if let Some(kind) = &completion.kind
        && kind != document.kind.name()
    {
        return Err(s3_error!(
            InvalidRequest,
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            document.kind.name()
        ));
    }
    let checksum = of_parts(document.algorithm, document.kind, &parts);
    if let Some((algorithm, claimed)) = &completion.checksum {
        let whole = checksum.value.split('-').next();
        if *algorithm != document.algorithm
            || (*claimed != checksum.value && Some(claimed.as_str()) != whole)
        {
            return Err(bad_digest(*algorithm));
        }
    }
    Ok(Object {
        document: ObjectDocument {
            key: document.key.clone(),
            size,
            etag: etag_of_parts(&parts),
            modified: now(),
            headers: document.headers.clone(),
            tags: document.tags.clone(),
            checksum,
            parts,
            upload: Some(document.id.clone()),
        },
        files,
    })
}

/// The parts that the client listed, in its order, each as it said.
fn listed(upload: &Upload, claims: &[Claim]) -> S3Result<(Vec<Part>, Vec<Arc<DataFile>>)> {
    if claims.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema"
        ));
    }
    if claims.windows(2).any(|two| two[0].number >= two[1].number) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. Parts must be ordered by part number."
        ));
    }
    let mut joined = (
        Vec::with_capacity(claims.len()),
        Vec::with_capacity(claims.len()),
    );
    for claim in claims {
        let (part, file) = upload.parts.get(&claim.number).ok_or_else(invalid_part)?;
        if claim.etag.as_ref() != Some(&part.etag) {
            return Err(invalid_part());
        }
        verify_checksum(&upload.document, part, claim)?;
        joined.0.push(part.clone());
        joined.1.push(Arc::clone(file));
    }
    let followed = joined
        .0
        .split_last()
        .map_or([].as_slice(), |(_, rest)| rest);
    if followed.iter().any(|part| part.size < MIN_PART) {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    Ok(joined)
}

fn verify_checksum(upload: &UploadDocument, part: &Part, claim: &Claim) -> S3Result<()> {
    match &claim.checksum {
        Some((algorithm, value)) if *algorithm == upload.algorithm && *value == part.checksum => {
            Ok(())
        }
        // Without an algorithm of the upload's own, what was computed is not what is claimed.
        Some((algorithm, _)) if upload.implied && *algorithm != upload.algorithm => Ok(()),
        Some(_) => Err(invalid_part()),
        None if upload.kind == Kind::Composite => {
            let name = upload.algorithm.name().to_lowercase();
            Err(s3_error!(
                InvalidRequest,
                "The upload was created using a {name} checksum. The complete request must include the checksum for each part. It was missing for part {} in the request.",
                claim.number
            ))
        }
        None => Ok(()),
    }
}

pub(super) fn invalid_part() -> S3Error {
    s3_error!(
        InvalidPart,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )
}
