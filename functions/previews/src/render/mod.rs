//! The reader: a process that looks at one file and says what can be shown of it.
//!
//! Everything in here may be handed any bytes. It is bounded by the system, not by good will: heap, processor
//! time, and how much of the file it gets.

mod gif;
mod jpeg;
mod media;
mod pdf;
mod picture;
mod png;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod webp;

use std::io::{BufRead, Read, Seek, SeekFrom, Write};

use domain::preview::{Details, Kind, Preview, Reason, Rendition, TEXT_BYTES};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::protocol::Said;
use source::Source;

/// The variable that tells the reader how large its file is, in bytes.
pub(crate) const SIZE: &str = "MARU_PREVIEW_SIZE";

/// How a reader ends that panicked over its file.
pub(crate) const DAMAGED: i32 = 3;

/// What a reader may allocate: with the function beside it this stays below 256 MB.
const HEAP: u64 = 200 << 20;

/// Processor time, in seconds: a net below the function's own clock.
const PROCESSOR_S: u64 = 25;

/// What can be shown of a file.
#[derive(Debug, PartialEq)]
pub(crate) struct Made {
    kind: Kind,
    details: Details,
    renditions: Vec<(Rendition, Vec<u8>)>,
}

/// A file that a decoder can read.
pub(crate) trait File: BufRead + Seek {}
impl<T: BufRead + Seek> File for T {}

/// Looks at the file that the process on the other end of standard input has, and tells it what can be shown.
///
/// # Errors
/// When nobody is at the other end.
pub fn render() -> Result<(), app::Error> {
    std::panic::set_hook(Box::new(|_| std::process::exit(DAMAGED)));
    bound(Resource::Data, HEAP)?;
    bound(Resource::Cpu, PROCESSOR_S)?;
    let size = app::env::required(SIZE)?.parse()?;
    let mut source = Source::new(size, std::io::stdin().lock(), std::io::stdout().lock());
    let made = look(&mut source, size);
    // A decoder has its own words for it.
    let made = match source.is_exhausted() {
        true => made.map_err(|_| Reason::TooLarge),
        false => made,
    };
    drop(source);
    let mut out = std::io::stdout().lock();
    let preview = match made {
        Ok(made) => {
            let mut renditions = Vec::new();
            for (rendition, bytes) in made.renditions {
                out.write_all(&Said::Rendition(u32::try_from(bytes.len())?).to_bytes())?;
                out.write_all(&bytes)?;
                renditions.push(rendition);
            }
            Preview::ready(made.kind, renditions, made.details)
        }
        Err(reason) => Preview::unavailable(reason),
    };
    let json = serde_json::to_vec(&preview)?;
    out.write_all(&Said::Preview(u32::try_from(json.len())?).to_bytes())?;
    out.write_all(&json)?;
    Ok(out.flush()?)
}

/// What can be shown of a file of `size` bytes, by what it is and not by what it is called.
fn look<F: File>(file: &mut F, size: u64) -> Result<Made, Reason> {
    let head = head(file)?;
    let detected = domain::upload::detect(&head).map(|found| found.media_type);
    match detected {
        Some("image/jpeg") => jpeg::look(file),
        Some("image/png") => png::look(file),
        Some("image/gif") => gif::look(file),
        Some("image/webp") => webp::look(file),
        Some("application/pdf") => pdf::look(file, size),
        Some("video/mp4") => media::mp4::look(file, size),
        Some("video/webm") => media::matroska::look(file, size),
        Some("audio/ogg") => media::ogg::look(file, size),
        Some("audio/flac") => media::flac::look(file),
        Some("audio/wav") => media::wav::look(file, size),
        Some("audio/mpeg") => media::mp3::look(file, size),
        Some(_) => Err(Reason::Unsupported),
        None if media::mp3::begins(&head) => media::mp3::look(file, size),
        None => text::look(&head, size),
    }
}

/// The first bytes, which say what it is; the file is at its beginning again then.
fn head<F: File>(file: &mut F) -> Result<Vec<u8>, Reason> {
    let mut head = Vec::with_capacity(TEXT_BYTES);
    file.by_ref()
        .take(TEXT_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(damaged)?;
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    Ok(head)
}

/// Whatever a decoder says about what it read.
fn damaged<E>(_: E) -> Reason {
    Reason::Damaged
}

fn bound(resource: Resource, most: u64) -> Result<(), app::Error> {
    let most = getrlimit(resource)
        .maximum
        .map_or(most, |hard| hard.min(most));
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    Ok(setrlimit(resource, limit)?)
}
