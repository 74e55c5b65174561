//! Bytes coming in: streamed to a file and summed on the way, off the async threads.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};
use tokio::sync::mpsc;

use super::checksum::{Algorithm, bad_digest, hasher, value};
use super::disk::DataFile;
use super::store::broken;

/// Chunks that may wait for the disk: a few hundred KiB each, for each running request.
const AHEAD: usize = 4;

/// The largest part or object in one request, in bytes.
const MAX: i64 = 5 * 1024 * 1024 * 1024;

/// What the client promised of the bytes that it sends.
#[derive(Debug, Default)]
pub(super) struct Promise {
    /// Its algorithm, and its value unless that follows the bytes.
    checksum: Option<(Algorithm, Option<String>)>,
    md5: Option<Vec<u8>>,
    length: Option<i64>,
    trailers: Option<TrailingHeaders>,
}

/// What came.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) size: u64,
    pub(super) sums: Checksum,
    md5: Option<Vec<u8>>,
}

impl Promise {
    /// Reads the promise from the fields of a request.
    pub(super) fn of(
        given: [(Algorithm, Option<String>); 5],
        headers: &HeaderMap,
        trailers: Option<TrailingHeaders>,
        md5: Option<&str>,
        length: Option<i64>,
    ) -> S3Result<Self> {
        if length.is_some_and(|length| length > MAX) {
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size"
            ));
        }
        Ok(Self {
            checksum: checksum(given, headers)?,
            md5: md5.map(parse_md5).transpose()?,
            length,
            trailers,
        })
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(|(algorithm, _)| *algorithm)
    }

    /// Refuses bytes that are not those that were promised.
    pub(super) fn verify(&self, received: &Received) -> S3Result<()> {
        if let Some(length) = self.length
            && u64::try_from(length) != Ok(received.size)
        {
            return Err(incomplete());
        }
        if self.md5 != received.md5 {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let Some((algorithm, promised)) = &self.checksum else {
            return Ok(());
        };
        let name = format!("x-amz-checksum-{}", algorithm.name().to_lowercase());
        let trailing = self.trailers.as_ref().and_then(|trailers| {
            trailers.read(|headers| Some(headers.get(&name)?.to_str().ok()?.to_owned()))?
        });
        let promised = promised.clone().or(trailing);
        if promised.is_some() && promised != value(&received.sums, *algorithm) {
            return Err(bad_digest(*algorithm));
        }
        Ok(())
    }
}

/// Writes the body to `file`, computing the promised sums and that of `own`.
///
/// A broken body or disk leaves nothing behind: the file is still doomed.
pub(super) async fn receive(
    file: &Arc<DataFile>,
    body: Option<StreamingBlob>,
    promise: &Promise,
    own: Algorithm,
) -> S3Result<Received> {
    let mut algorithms = vec![own];
    algorithms.extend(promise.algorithm());
    let md5 = promise.md5.is_some().then(Md5::new);
    let (chunks, incoming) = mpsc::channel(AHEAD);
    let file = Arc::clone(file);
    let writing = tokio::task::spawn_blocking(move || write(&file, incoming, &algorithms, md5));
    let mut failed = None;
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let sent = match chunk {
                Ok(chunk) => chunks.send(chunk).await.is_ok(),
                Err(error) => {
                    failed = Some(why(&*error));
                    false
                }
            };
            if !sent {
                break;
            }
        }
    }
    drop(chunks);
    let written = writing.await.map_err(S3Error::internal_error)?;
    match failed {
        Some(error) => Err(error),
        None => written.map_err(|error| broken(&error)),
    }
}

fn write(
    file: &DataFile,
    mut incoming: mpsc::Receiver<Bytes>,
    algorithms: &[Algorithm],
    mut md5: Option<Md5>,
) -> std::io::Result<Received> {
    let mut to = file.create()?;
    let mut sums = hasher(algorithms);
    let mut size = 0;
    while let Some(chunk) = incoming.blocking_recv() {
        file.write(&mut to, &chunk)?;
        sums.update(&chunk);
        if let Some(md5) = &mut md5 {
            md5.update(&chunk);
        }
        size += chunk.len() as u64;
    }
    Ok(Received {
        size,
        sums: sums.finalize(),
        md5: md5.map(|md5| md5.finalize().as_ref().to_vec()),
    })
}

fn checksum(
    given: [(Algorithm, Option<String>); 5],
    headers: &HeaderMap,
) -> S3Result<Option<(Algorithm, Option<String>)>> {
    let mut given = given
        .into_iter()
        .filter_map(|(algorithm, value)| Some((algorithm, value?)));
    let Some((algorithm, value)) = given.next() else {
        let trailer = headers.get("x-amz-trailer");
        let name = trailer.and_then(|name| name.to_str().ok()?.strip_prefix("x-amz-checksum-"));
        return Ok(name
            .map(Algorithm::parse)
            .transpose()?
            .map(|algorithm| (algorithm, None)));
    };
    if given.next().is_some() {
        return Err(s3_error!(
            InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        ));
    }
    algorithm.verify_form(&value)?;
    Ok(Some((algorithm, Some(value))))
}

fn parse_md5(value: &str) -> S3Result<Vec<u8>> {
    STANDARD
        .decode(value)
        .ok()
        .filter(|bytes| bytes.len() == 16)
        .ok_or_else(|| s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."))
}

/// What broke a body: the names of the types are private to s3s, their texts are not.
fn why(error: &(dyn std::error::Error + Send + Sync)) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let mut mismatch = S3Error::with_message(
            S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        mismatch.set_status_code(http::StatusCode::BAD_REQUEST);
        mismatch
    } else if text.contains("SignatureMismatch") {
        s3_error!(
            SignatureDoesNotMatch,
            "The request signature we calculated does not match the signature you provided. Check your key and signing method."
        )
    } else {
        incomplete()
    }
}

fn incomplete() -> S3Error {
    s3_error!(
        IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
}
