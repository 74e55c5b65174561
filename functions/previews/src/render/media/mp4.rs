//! MP4 and QuickTime: boxes within boxes, of which the index (`moov`) says everything. It may stand behind the film:
//! boxes are leapt over, not read.

use domain::preview::{Details, Reason};

use super::{File, Made, made, milliseconds, printable, read, read_at};

/// Most boxes that are looked at, wherever they are.
const BOXES: u32 = 4_096;

/// Pictures that use the same boxes.
const PICTURES: [&[u8; 4]; 7] = [
    b"heic", b"heix", b"heim", b"mif1", b"msf1", b"avif", b"avis",
];

/// A box: its kind, and where its content is.
#[derive(Debug, Clone, Copy)]
struct Found {
    kind: [u8; 4],
    begin: u64,
    end: u64,
}

/// What is known so far.
#[derive(Debug, Default)]
struct Film {
    details: Details,
    scale: u32,
    length: u64,
    budget: u32,
}

/// What is known of a track.
#[derive(Debug, Default)]
struct Track {
    handler: [u8; 4],
    codec: String,
    size: Option<(u32, u32)>,
    sound: Option<(u32, u32)>,
    turned: bool,
}

pub(crate) fn look(file: &mut impl File, size: u64) -> Result<Made, Reason> {
    let brand = read_at::<4>(file, 8)?;
    if PICTURES.contains(&&brand) {
        return Err(Reason::Unsupported);
    }
    let mut film = Film {
        budget: BOXES,
        ..Film::default()
    };
    let mut at = 0;
    let mut index = None;
    while at < size {
        let found = film.next(file, at, size)?;
        if &found.kind == b"moov" {
            index = Some(found);
        }
        // The fragments of a stream have no other index than the first.
        if &found.kind == b"moof" && index.is_some() {
            break;
        }
        at = found.end;
    }
    let index = index.ok_or(Reason::Damaged)?;
    film.walk(file, index, |film, file, found| match &found.kind {
        b"mvhd" => film.header(file, found),
        b"mvex" => film.walk(file, found, |film, file, found| match &found.kind {
            b"mehd" => film.fragments(file, found),
            _ => Ok(()),
        }),
        b"trak" => film.track(file, found),
        _ => Ok(()),
    })?;
    film.details.duration_ms =
        milliseconds(film.length, u64::from(film.scale)).filter(|&length| length > 0);
    made(film.details)
}

impl Film {
    /// The box at `at`, which must end by `end`.
    fn next(&mut self, file: &mut impl File, at: u64, end: u64) -> Result<Found, Reason> {
        self.budget = self.budget.checked_sub(1).ok_or(Reason::TooComplex)?;
        let [a, b, c, d, kind @ ..] = read_at::<8>(file, at)?;
        let (header, length) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of everything.
            0 => (8, end - at),
            1 => (16, u64::from_be_bytes(read(file)?)),
            length => (8, u64::from(length)),
        };
        let stop = at.checked_add(length).filter(|&stop| stop <= end);
        match stop.filter(|_| length >= header) {
            Some(end) => Ok(Found {
                kind,
                begin: at + header,
                end,
            }),
            None => Err(Reason::Damaged),
        }
    }

    /// Shows each box in `parent`.
    fn walk<F: File>(
        &mut self,
        file: &mut F,
        parent: Found,
        mut show: impl FnMut(&mut Self, &mut F, Found) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut at = parent.begin;
        // What is shorter than a box is padding.
        while at + 8 <= parent.end {
            let found = self.next(file, at, parent.end)?;
            show(self, file, found)?;
            at = found.end;
        }
        Ok(())
    }

    fn header(&mut self, file: &mut impl File, found: Found) -> Result<(), Reason> {
        let [version, ..] = read_at::<4>(file, found.begin)?;
        if version == 1 {
            self.scale = u32::from_be_bytes(read_at(file, found.begin + 20)?);
            self.length = u64::from_be_bytes(read(file)?);
        } else {
            self.scale = u32::from_be_bytes(read_at(file, found.begin + 12)?);
            self.length = u64::from(u32::from_be_bytes(read(file)?));
        }
        Ok(())
    }

    fn fragments(&mut self, file: &mut impl File, found: Found) -> Result<(), Reason> {
        let [version, ..] = read_at::<4>(file, found.begin)?;
        self.length = match version {
            1 => u64::from_be_bytes(read(file)?),
            _ => u64::from(u32::from_be_bytes(read(file)?)),
        };
        Ok(())
    }

    fn track<F: File>(&mut self, file: &mut F, found: Found) -> Result<(), Reason> {
        let mut track = Track::default();
        self.descend(file, found, &mut track)?;
        if track.codec.is_empty() || self.details.codecs.contains(&track.codec) {
            return Ok(());
        }
        match &track.handler {
            b"vide" => {
                self.details.codecs.push(track.codec);
                if let (None, Some((width, height))) = (self.details.width, track.size) {
                    let (width, height) = match track.turned {
                        true => (height, width),
                        false => (width, height),
                    };
                    self.details.width = Some(width);
                    self.details.height = Some(height);
                }
            }
            b"soun" => {
                self.details.codecs.push(track.codec);
                if let (None, Some((channels, rate))) = (self.details.channels, track.sound) {
                    self.details.channels = Some(channels);
                    self.details.sample_rate = Some(rate).filter(|&rate| rate > 0);
                }
            }
            // Subtitles, chapters, time codes.
            _ => {}
        }
        Ok(())
    }

    /// The boxes of a track stand four deep; each kind is looked for at its own depth.
    fn descend<F: File>(
        &mut self,
        file: &mut F,
        found: Found,
        track: &mut Track,
    ) -> Result<(), Reason> {
        self.walk(file, found, |film, file, found| match &found.kind {
            b"tkhd" => track.head(file, found),
            b"mdia" => film.walk(file, found, |film, file, found| match &found.kind {
                b"hdlr" => {
                    track.handler = read_at(file, found.begin + 8)?;
                    Ok(())
                }
                b"minf" => film.walk(file, found, |film, file, found| match &found.kind {
                    b"stbl" => film.walk(file, found, |_, file, found| match &found.kind {
                        b"stsd" => track.sample(file, found),
                        _ => Ok(()),
                    }),
                    _ => Ok(()),
                }),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }
}

impl Track {
    /// Whether the film is to be turned by a quarter: phones hold their cameras upright.
    fn head(&mut self, file: &mut impl File, found: Found) -> Result<(), Reason> {
        let [version, ..] = read_at::<4>(file, found.begin)?;
        let matrix = found.begin + if version == 1 { 52 } else { 40 };
        let [a, b] = [read_at::<4>(file, matrix)?, read::<4>(file)?];
        self.turned = a == [0; 4] && b != [0; 4];
        Ok(())
    }

    /// The first description of samples.
    fn sample(&mut self, file: &mut impl File, found: Found) -> Result<(), Reason> {
        let at = found.begin + 8;
        let kind = read_at::<4>(file, at + 4)?;
        self.codec = codec(&kind);
        match &self.handler {
            b"vide" => {
                let [w0, w1, h0, h1] = read_at::<4>(file, at + 32)?;
                let size = [[w0, w1], [h0, h1]].map(|side| u32::from(u16::from_be_bytes(side)));
                self.size = Some((size[0], size[1]));
            }
            b"soun" => {
                let [c0, c1, ..] = read_at::<4>(file, at + 24)?;
                let [r0, r1, ..] = read_at::<4>(file, at + 32)?;
                let [channels, rate] =
                    [[c0, c1], [r0, r1]].map(|number| u32::from(u16::from_be_bytes(number)));
                self.sound = Some((channels, rate));
            }
            _ => {}
        }
        Ok(())
    }
}

fn codec(kind: &[u8; 4]) -> String {
    let known = match kind {
        b"avc1" | b"avc3" => "h264",
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "h265",
        b"av01" => "av1",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"mp4v" => "mpeg4",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" => "prores",
        b"mp4a" => "aac",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"sowt" | b"twos" | b"lpcm" | b"in24" | b"fl32" => "pcm",
        // Protected or new: under the name that it gives itself.
        _ => return printable(kind),
    };
    known.to_owned()
}
