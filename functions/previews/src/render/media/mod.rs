//! Sound and films: what their containers say. Headers alone are read, never a sample.

pub(crate) mod flac;
pub(crate) mod matroska;
pub(crate) mod mp3;
pub(crate) mod mp4;
pub(crate) mod ogg;
pub(crate) mod wav;

use std::io::SeekFrom;

use domain::preview::{Details, Kind, Reason};

use super::{File, Made, damaged};

/// A century: a file that says it plays longer says nothing.
const MAX_MS: u64 = 100 * 366 * 86_400_000;

/// Reads `N` bytes from where the file is.
fn read<const N: usize>(file: &mut impl File) -> Result<[u8; N], Reason> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

/// Reads `N` bytes from `offset`.
fn read_at<const N: usize>(file: &mut impl File, offset: u64) -> Result<[u8; N], Reason> {
    file.seek(SeekFrom::Start(offset)).map_err(damaged)?;
    read(file)
}

/// What can be said of sound, or of a film when there are pictures in it.
fn made(details: Details) -> Result<Made, Reason> {
    if details.codecs.is_empty() {
        return Err(Reason::Damaged);
    }
    let kind = match details.width {
        Some(_) => Kind::Video,
        None => Kind::Audio,
    };
    Ok(Made {
        kind,
        details: Details {
            duration_ms: details.duration_ms.filter(|&length| length <= MAX_MS),
            ..details
        },
        renditions: Vec::new(),
    })
}

/// How many milliseconds `units` are, of which there are `rate` in a second; `None` when that makes no sense.
fn milliseconds(units: u64, rate: u64) -> Option<u64> {
    let total = u128::from(units) * 1_000 / u128::from((rate > 0).then_some(rate)?);
    u64::try_from(total).ok()
}

/// A name of a codec from four bytes of a file: letters and digits in lower case, nothing else.
fn printable(name: &[u8]) -> String {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}
