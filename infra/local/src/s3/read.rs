//! Bytes going out: the parts of an object as one stream, read off the async threads.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use s3s::StdError;
use s3s::dto::StreamingBlob;
use s3s::stream::{ByteStream, RemainingLength};
use tokio::sync::mpsc;

use super::disk::DataFile;
use super::model::Object;

/// How much is read at once, in bytes.
const CHUNK: u64 = 512 * 1024;

/// Chunks that may wait for the client.
const AHEAD: usize = 3;

/// The bytes `range` of an object, from whichever parts hold them.
pub(super) fn stream(object: &Object, range: Range<u64>) -> StreamingBlob {
    let left = range.end - range.start;
    let pieces = pieces(object, range);
    let (chunks, incoming) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = send(pieces, &chunks) {
            tracing::error!(%error, "an object could not be read to its end");
            // A client that is gone needs no news.
            drop(chunks.blocking_send(Err(error)));
        }
    });
    StreamingBlob::new(Outgoing {
        chunks: incoming,
        left,
    })
}

/// A stretch of one file.
struct Piece {
    file: Arc<DataFile>,
    from: u64,
    length: u64,
}

fn pieces(object: &Object, range: Range<u64>) -> Vec<Piece> {
    let mut start = 0;
    let mut pieces = Vec::new();
    for (part, file) in object.document.parts.iter().zip(&object.files) {
        let end = start + part.size;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            pieces.push(Piece {
                file: Arc::clone(file),
                from: from - start,
                length: to - from,
            });
        }
        start = end;
    }
    pieces
}

type Chunk = std::io::Result<Bytes>;

/// Sends all pieces, or as many as somebody listens to.
fn send(pieces: Vec<Piece>, chunks: &mpsc::Sender<Chunk>) -> std::io::Result<()> {
    for piece in pieces {
        let mut file = piece.file.open()?;
        file.seek(SeekFrom::Start(piece.from))?;
        let mut left = piece.length;
        while left > 0 {
            let size = left.min(CHUNK);
            let mut chunk = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            if file.by_ref().take(size).read_to_end(&mut chunk)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            left -= chunk.len() as u64;
            if chunks.blocking_send(Ok(chunk.into())).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

struct Outgoing {
    chunks: mpsc::Receiver<Chunk>,
    left: u64,
}

impl Stream for Outgoing {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.chunks.poll_recv(cx).map_err(Into::into);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.left -= chunk.len() as u64;
        }
        polled
    }
}

impl ByteStream for Outgoing {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.left).unwrap_or(usize::MAX))
    }
}
