//! Matroska and WebM: elements within elements. The tracks stand before the film.

use std::io::SeekFrom;

use domain::preview::{Details, Reason};

use super::{File, Made, made, printable, read};
use crate::render::damaged;

/// Most elements that are looked at, wherever they are.
const ELEMENTS: u32 = 4_096;

const HEADER: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const CODEC_ID: u32 = 0x86;
const VIDEO: u32 = 0xe0;
const PIXEL_WIDTH: u32 = 0xb0;
const PIXEL_HEIGHT: u32 = 0xba;
const AUDIO: u32 = 0xe1;
const SAMPLING: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
const CLUSTER: u32 = 0x1f43_b675;

/// An element: its id, and where its content is.
#[derive(Debug, Clone, Copy)]
struct Found {
    id: u32,
    begin: u64,
    end: u64,
}

/// What is known so far.
#[derive(Debug)]
struct Film {
    details: Details,
    /// Nanoseconds of one unit of the length.
    scale: u64,
    length: Option<f64>,
    budget: u32,
}

pub(crate) fn look(file: &mut impl File, size: u64) -> Result<Made, Reason> {
    let mut film = Film {
        details: Details::default(),
        scale: 1_000_000,
        length: None,
        budget: ELEMENTS,
    };
    let header = film.next(file, 0, size)?;
    let segment = film.next(file, header.end, size)?;
    if header.id != HEADER || segment.id != SEGMENT {
        return Err(Reason::Damaged);
    }
    let mut at = segment.begin;
    while at < segment.end {
        let found = film.next(file, at, segment.end)?;
        match found.id {
            INFO => film.info(file, found)?,
            TRACKS => film.tracks(file, found)?,
            CLUSTER => break,
            _ => {}
        }
        at = found.end;
    }
    film.details.duration_ms = film.milliseconds();
    made(film.details)
}

impl Film {
    /// The element at `at`, which must end by `end`; one of unknown length ends there.
    fn next(&mut self, file: &mut impl File, at: u64, end: u64) -> Result<Found, Reason> {
        self.budget = self.budget.checked_sub(1).ok_or(Reason::TooComplex)?;
        file.seek(SeekFrom::Start(at)).map_err(damaged)?;
        let (id, id_length) = number(file, 4, false)?;
        let (length, length_length) = number(file, 8, true)?;
        let begin = at + id_length + length_length;
        let unknown = length == (1 << (7 * length_length)) - 1;
        let stop = match unknown {
            true => Some(end),
            false => begin.checked_add(length).filter(|&stop| stop <= end),
        };
        Ok(Found {
            id: u32::try_from(id).map_err(damaged)?,
            begin,
            end: stop.ok_or(Reason::Damaged)?,
        })
    }

    /// The elements in `parent`.
    fn children(&mut self, file: &mut impl File, parent: Found) -> Result<Vec<Found>, Reason> {
        let mut children = Vec::new();
        let mut at = parent.begin;
        while at < parent.end {
            let found = self.next(file, at, parent.end)?;
            children.push(found);
            at = found.end;
        }
        Ok(children)
    }

    fn info(&mut self, file: &mut impl File, info: Found) -> Result<(), Reason> {
        for found in self.children(file, info)? {
            match found.id {
                TIMESTAMP_SCALE => self.scale = found.unsigned(file)?,
                DURATION => self.length = Some(found.float(file)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn tracks(&mut self, file: &mut impl File, tracks: Found) -> Result<(), Reason> {
        for track in self.children(file, tracks)? {
            if track.id == TRACK_ENTRY {
                self.track(file, track)?;
            }
        }
        Ok(())
    }

    fn track(&mut self, file: &mut impl File, track: Found) -> Result<(), Reason> {
        for found in self.children(file, track)? {
            match found.id {
                CODEC_ID => {
                    let codec = found.codec(file)?;
                    // Subtitles have one too.
                    if let Some(codec) = codec
                        && !self.details.codecs.contains(&codec)
                    {
                        self.details.codecs.push(codec);
                    }
                }
                VIDEO => {
                    for found in self.children(file, found)? {
                        match found.id {
                            PIXEL_WIDTH => self.details.width = Some(found.number(file)?),
                            PIXEL_HEIGHT => self.details.height = Some(found.number(file)?),
                            _ => {}
                        }
                    }
                }
                AUDIO => self.audio(file, found)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn audio(&mut self, file: &mut impl File, audio: Found) -> Result<(), Reason> {
        let (mut rate, mut channels) = (8_000.0, 1);
        for found in self.children(file, audio)? {
            match found.id {
                SAMPLING => rate = found.float(file)?,
                CHANNELS => channels = found.number(file)?,
                _ => {}
            }
        }
        self.details.channels = Some(channels);
        self.details.sample_rate = whole(rate).and_then(|rate| u32::try_from(rate).ok());
        Ok(())
    }

    fn milliseconds(&self) -> Option<u64> {
        #[expect(clippy::cast_precision_loss, reason = "a length need not be exact")]
        let nanoseconds = self.length? * self.scale as f64;
        whole(nanoseconds / 1e6)
    }
}

impl Found {
    fn unsigned(&self, file: &mut impl File) -> Result<u64, Reason> {
        file.seek(SeekFrom::Start(self.begin)).map_err(damaged)?;
        let length = self.end - self.begin;
        if length > 8 {
            return Err(Reason::Damaged);
        }
        (0..length).try_fold(0, |sum, _| {
            let [byte] = read::<1>(file)?;
            Ok(sum << 8 | u64::from(byte))
        })
    }

    fn number(&self, file: &mut impl File) -> Result<u32, Reason> {
        u32::try_from(self.unsigned(file)?).map_err(damaged)
    }

    fn float(&self, file: &mut impl File) -> Result<f64, Reason> {
        file.seek(SeekFrom::Start(self.begin)).map_err(damaged)?;
        match self.end - self.begin {
            0 => Ok(0.0),
            4 => Ok(f64::from(f32::from_be_bytes(read(file)?))),
            8 => Ok(f64::from_be_bytes(read(file)?)),
            _ => Err(Reason::Damaged),
        }
    }

    /// `V_MPEG4/ISO/AVC` is `h264`; `None` for what is neither picture nor sound.
    fn codec(&self, file: &mut impl File) -> Result<Option<String>, Reason> {
        file.seek(SeekFrom::Start(self.begin)).map_err(damaged)?;
        let length = usize::try_from(self.end - self.begin).map_err(damaged)?;
        let mut bytes = vec![0; length.min(32)];
        file.read_exact(&mut bytes).map_err(damaged)?;
        let name = String::from_utf8_lossy(&bytes);
        let Some(name) = name.strip_prefix("V_").or_else(|| name.strip_prefix("A_")) else {
            return Ok(None);
        };
        let known = match name.trim_end_matches('\0') {
            "MPEG4/ISO/AVC" => "h264",
            "MPEGH/ISO/HEVC" => "h265",
            "MPEG/L3" => "mp3",
            name if name.starts_with("AAC") => "aac",
            name if name.starts_with("PCM") => "pcm",
            name => return Ok(Some(printable(name.as_bytes()))),
        };
        Ok(Some(known.to_owned()))
    }
}

/// A number of variable length and its own length in bytes; of an id the length's mark is a part.
fn number(file: &mut impl File, most: u32, without_mark: bool) -> Result<(u64, u64), Reason> {
    let [first] = read::<1>(file)?;
    let more = first.leading_zeros();
    if more >= most {
        return Err(Reason::Damaged);
    }
    let first = match without_mark {
        true => u64::from(first) & ((1 << (7 - more)) - 1),
        false => u64::from(first),
    };
    let value = (0..more).try_fold(first, |sum, _| {
        let [byte] = read::<1>(file)?;
        Ok(sum << 8 | u64::from(byte))
    })?;
    Ok((value, u64::from(more) + 1))
}

/// The whole part of a length or a rate that makes sense.
fn whole(value: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the guard keeps it in range"
    )]
    (1.0..1e15).contains(&value).then_some(value as u64)
}
