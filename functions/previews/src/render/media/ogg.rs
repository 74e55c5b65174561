//! Ogg: Vorbis, Opus, FLAC, Speex, Theora.

use std::io::{Read as _, SeekFrom};

use domain::preview::{Details, Reason};

use super::{File, Made, flac, made, milliseconds, read, read_at};
use crate::render::damaged;

/// Most streams in one file.
const STREAMS: usize = 8;

/// How much of the end is searched for the last page, which is at most this long.
const TAIL: u64 = 66 << 10;

/// The stream that the length is counted by.
#[derive(Debug, Default)]
struct Clock {
    serial: u32,
    rate: u64,
    /// Samples at the begin that are not played.
    skipped: u64,
}

/// Each stream's first page stands at the begin and says what it is; the last page says how much was played by then.
pub(crate) fn look(file: &mut impl File, size: u64) -> Result<Made, Reason> {
    let mut details = Details::default();
    let mut clock = None;
    let mut at = 0;
    for _ in 0..STREAMS {
        let page = read_at::<27>(file, at)?;
        if !page.starts_with(b"OggS") {
            return Err(Reason::Damaged);
        }
        // Pages that begin a stream come before all others.
        if page[5] & 2 == 0 {
            break;
        }
        let lengths = usize::from(page[26]);
        let mut table = [0; 255];
        file.read_exact(&mut table[..lengths]).map_err(damaged)?;
        let body: u64 = table[..lengths]
            .iter()
            .map(|&length| u64::from(length))
            .sum();
        let serial = u32::from_le_bytes([page[14], page[15], page[16], page[17]]);
        let mut packet = Vec::new();
        file.take(body.min(128))
            .read_to_end(&mut packet)
            .map_err(damaged)?;
        if let Some(found) = stream(&packet, &mut details)? {
            clock.get_or_insert(Clock { serial, ..found });
        }
        at += 27 + lengths as u64 + body;
    }
    if let Some(clock) = clock {
        let played = last_position(file, size, clock.serial)?.saturating_sub(clock.skipped);
        details.duration_ms = milliseconds(played, clock.rate).filter(|&length| length > 0);
    }
    made(details)
}

/// Adds what the first packet of a stream says; sound keeps the time.
fn stream(packet: &[u8], details: &mut Details) -> Result<Option<Clock>, Reason> {
    let number = |at: usize| {
        let bytes = packet.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let byte = |at: usize| packet.get(at).copied().map(u32::from);
    let (codec, channels, rate, skipped) = match packet {
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => ("vorbis", byte(11), number(12), 0),
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => {
            let skipped = number(8).unwrap_or_default() >> 16;
            ("opus", byte(9), Some(48_000), u64::from(skipped))
        }
        [b'S', b'p', b'e', b'e', b'x', b' ', ..] => ("speex", number(48), number(36), 0),
        [0x7f, b'F', b'L', b'A', b'C', ..] => {
            let block = packet.get(17..).and_then(<[u8]>::first_chunk::<34>);
            let said = flac::stream_info(block.ok_or(Reason::Damaged)?)?;
            ("flac", said.channels, said.sample_rate, 0)
        }
        [0x80, b't', b'h', b'e', b'o', b'r', b'a', ..] => {
            let side = |at: usize| {
                let three = packet.get(at..)?.first_chunk::<3>()?;
                Some(u32::from_be_bytes([0, three[0], three[1], three[2]]))
            };
            details.codecs.push("theora".to_owned());
            details.width = Some(side(14).ok_or(Reason::Damaged)?);
            details.height = side(17);
            return Ok(None);
        }
        // Texts and indices.
        _ => return Ok(None),
    };
    let rate = rate.filter(|&rate| rate > 0).ok_or(Reason::Damaged)?;
    details.codecs.push(codec.to_owned());
    details.channels = channels;
    details.sample_rate = Some(rate);
    Ok(Some(Clock {
        serial: 0,
        rate: u64::from(rate),
        skipped,
    }))
}

/// The position that the last page of the stream `serial` reaches.
fn last_position(file: &mut impl File, size: u64, serial: u32) -> Result<u64, Reason> {
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))
        .map_err(damaged)?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).map_err(damaged)?;
    let serial = serial.to_le_bytes();
    let page = tail.windows(27).rev().find(|page| {
        page.starts_with(b"OggS") && page[14..18] == serial && page[6..14] != [u8::MAX; 8]
    });
    let page = page.ok_or(Reason::Damaged)?;
    let mut position = std::io::Cursor::new(&page[6..14]);
    Ok(u64::from_le_bytes(read(&mut position)?))
}
