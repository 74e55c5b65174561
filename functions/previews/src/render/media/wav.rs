//! WAV (RIFF).

use domain::preview::{Details, Reason};

use super::{File, Made, made, milliseconds, read, read_at};

/// Most chunks that are looked at.
const CHUNKS: usize = 64;

pub(crate) fn look(file: &mut impl File, size: u64) -> Result<Made, Reason> {
    let mut at = 12;
    let mut format: Option<Format> = None;
    for _ in 0..CHUNKS {
        let [a, b, c, d, length @ ..] = read_at::<8>(file, at)?;
        let length = u64::from(u32::from_le_bytes(length));
        match [a, b, c, d].as_slice() {
            b"fmt " => format = Some(Format::read(file, length)?),
            b"data" => {
                let format = format.ok_or(Reason::Damaged)?;
                // Recorders that were cut off leave these.
                let unknown = length == 0 || length == u64::from(u32::MAX);
                let there = size.saturating_sub(at + 8);
                return match unknown {
                    true => format.made(there),
                    false if length > there => Err(Reason::Damaged),
                    false => format.made(length),
                };
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
    Err(Reason::Damaged)
}

struct Format {
    codec: &'static str,
    channels: u16,
    rate: u32,
    bytes_per_s: u32,
}

impl Format {
    fn read(file: &mut impl File, length: u64) -> Result<Self, Reason> {
        let [
            tag0,
            tag1,
            ch0,
            ch1,
            r0,
            r1,
            r2,
            r3,
            b0,
            b1,
            b2,
            b3,
            _,
            _,
            _,
            _,
        ] = read::<16>(file)?;
        let mut tag = u16::from_le_bytes([tag0, tag1]);
        if tag == 0xfffe && length >= 40 {
            // What it really is stands in the extension.
            let extension = read::<10>(file)?;
            tag = u16::from_le_bytes([extension[8], extension[9]]);
        }
        let codec = match tag {
            1 => "pcm",
            3 => "pcm_float",
            6 => "alaw",
            7 => "ulaw",
            0x11 => "adpcm",
            0x55 => "mp3",
            _ => "other",
        };
        let format = Self {
            codec,
            channels: u16::from_le_bytes([ch0, ch1]),
            rate: u32::from_le_bytes([r0, r1, r2, r3]),
            bytes_per_s: u32::from_le_bytes([b0, b1, b2, b3]),
        };
        match format.channels > 0 && format.rate > 0 {
            true => Ok(format),
            false => Err(Reason::Damaged),
        }
    }

    fn made(&self, length: u64) -> Result<Made, Reason> {
        made(Details {
            duration_ms: milliseconds(length, u64::from(self.bytes_per_s)),
            codecs: vec![self.codec.to_owned()],
            sample_rate: Some(self.rate),
            channels: Some(u32::from(self.channels)),
            ..Details::default()
        })
    }
}
