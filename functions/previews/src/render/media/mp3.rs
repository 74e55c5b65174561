//! MP3 (MPEG audio, layers 1 to 3).

use std::io::{Read as _, SeekFrom};

use domain::preview::{Details, Reason};

use super::{File, Made, made, milliseconds, read_at};
use crate::render::damaged;

/// How far behind the tags the first frame may be, and how much of it is looked at.
const SEARCHED: u64 = 64 << 10;

/// Kilobits a second of MPEG 1, layers 1 to 3, and of MPEG 2, layer 1 and the others.
const BITRATES: [[u16; 15]; 5] = [
    [
        0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ],
    [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ],
    [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
    ],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    layer: u8,
    rate: u32,
    channels: u32,
    bits_per_s: u32,
    samples: u32,
    /// Bytes, header included.
    length: usize,
    /// Bytes between the header and where an encoder may say how many frames there are.
    side: usize,
}

/// Whether a file begins like sound without tags: two frames in a row, because two bytes alone are anything.
pub(crate) fn begins(head: &[u8]) -> bool {
    Frame::read(head).is_some_and(|first| {
        let second = head.get(first.length..).and_then(Frame::read);
        second.is_some_and(|second| second.layer == first.layer && second.rate == first.rate)
    })
}

pub(crate) fn look(file: &mut impl File, size: u64) -> Result<Made, Reason> {
    let begin = behind_tags(file)?;
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(begin)).map_err(damaged)?;
    file.take(SEARCHED)
        .read_to_end(&mut head)
        .map_err(damaged)?;
    let first = (0..head.len()).find(|&at| begins(&head[at..]));
    let first = first.ok_or(Reason::Damaged)?;
    let found = &head[first..];
    let frame = Frame::read(found).ok_or(Reason::Damaged)?;
    let duration_ms = match frame.count(found) {
        Some(frames) => milliseconds(
            u64::from(frames) * u64::from(frame.samples),
            u64::from(frame.rate),
        ),
        None => {
            let bytes = size.saturating_sub(begin + first as u64);
            milliseconds(bytes.saturating_mul(8), u64::from(frame.bits_per_s))
        }
    };
    made(Details {
        duration_ms,
        codecs: vec![format!("mp{}", frame.layer)],
        sample_rate: Some(frame.rate),
        channels: Some(frame.channels),
        ..Details::default()
    })
}

/// Where sound can begin: behind the ID3v2 tag, when there is one.
fn behind_tags(file: &mut impl File) -> Result<u64, Reason> {
    let tag = read_at::<10>(file, 0)?;
    if !tag.starts_with(b"ID3") {
        return Ok(0);
    }
    let length = tag[6..]
        .iter()
        .fold(0, |sum, &seven| sum << 7 | u64::from(seven & 0x7f));
    let footer = if tag[5] & 0x10 == 0 { 0 } else { 10 };
    Ok(10 + length + footer)
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        let &[sync, kind, rates, mode] = bytes.first_chunk()?;
        if sync != 0xff || kind & 0xe0 != 0xe0 {
            return None;
        }
        let version = kind >> 3 & 3;
        // 1 is no version and 0 is no layer.
        let layer = 4_u8
            .checked_sub(kind >> 1 & 3)
            .filter(|&layer| layer < 4 && version != 1)?;
        let first = version == 3;
        let kilobits = kilobits(first, layer, rates >> 4)?;
        let rate = samples_per_s(version, rates >> 2 & 3)?;
        let samples = match (layer, first) {
            (1, _) => 384,
            (3, false) => 576,
            _ => 1_152,
        };
        let bits_per_s = u32::from(kilobits) * 1_000;
        let padding = u32::from(rates >> 1 & 1);
        let length = match layer {
            1 => (12 * bits_per_s / rate + padding) * 4,
            _ => samples / 8 * bits_per_s / rate + padding,
        };
        let mono = mode >> 6 == 3;
        let side = match (first, mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        Some(Self {
            layer,
            rate,
            channels: if mono { 1 } else { 2 },
            bits_per_s,
            samples,
            length: usize::try_from(length).ok().filter(|&length| length > 4)?,
            side,
        })
    }

    /// How many frames there are, when the encoder wrote it into the first (`Xing`, `Info`, `VBRI`).
    fn count(&self, frame: &[u8]) -> Option<u32> {
        let number = |at: usize| {
            let bytes = frame.get(at..)?.first_chunk::<4>()?;
            Some(u32::from_be_bytes(*bytes)).filter(|&count| count > 0)
        };
        let info = 4 + self.side;
        if matches!(frame.get(info..info + 4), Some(b"Xing" | b"Info")) {
            let has_count = frame.get(info + 7).is_some_and(|flags| flags & 1 == 1);
            return number(info + 8).filter(|_| has_count);
        }
        match frame.get(36..40) {
            Some(b"VBRI") => number(50),
            _ => None,
        }
    }
}

/// The bit rate that a header's number means in a layer of MPEG 1 or of its successors.
fn kilobits(first: bool, layer: u8, number: u8) -> Option<u16> {
    let table = match (first, layer) {
        (true, layer) => usize::from(layer - 1),
        (false, 1) => 3,
        (false, _) => 4,
    };
    let rate = *BITRATES[table].get(usize::from(number))?;
    (rate > 0).then_some(rate)
}

/// The sampling rate that a header's number means; MPEG 2 and 2.5 have a half and a quarter of the rates.
fn samples_per_s(version: u8, number: u8) -> Option<u32> {
    let rate = *[44_100_u32, 48_000, 32_000].get(usize::from(number))?;
    Some(match version {
        3 => rate,
        2 => rate / 2,
        _ => rate / 4,
    })
}
