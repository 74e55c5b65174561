//! Pictures without an encoder.

use super::bits::{Bits, zeros};
use super::fixture;

/// A JPEG of one colour, without an encoder: every block is six bits long.
pub(super) fn flat_jpeg(width: u16, height: u16, progressive: bool) -> Vec<u8> {
    let mut out = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    out.extend([1; 64]);
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    out.extend([
        0xff,
        if progressive { 0xc2 } else { 0xc0 },
        0,
        17,
        8,
        h[0],
        h[1],
        w[0],
        w[1],
        3,
    ]);
    for component in 1..=3 {
        out.extend([component, 0x11, 0]);
    }
    // One code each: "no difference" and "end of block".
    for class in [0x00, 0x10] {
        out.extend([0xff, 0xc4, 0, 20, class, 1]);
        out.extend([0; 16]);
    }
    let last = if progressive { 0 } else { 63 };
    out.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, last, 0]);
    let blocks = usize::from(width).div_ceil(8) * usize::from(height).div_ceil(8) * 3;
    // Codes of one bit, a zero: one bit a block, and one more for its end.
    let bits = if progressive { blocks } else { blocks * 2 };
    out.resize(out.len() + bits.div_ceil(8), 0);
    out.extend([0xff, 0xd9]);
    out
}

/// A transparent PNG, a thousandth of its pixels long.
pub(super) fn clear_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = clear_png_header(width, height);
    png.truncate(33);
    let bytes = u64::from(height) * (u64::from(width) * 4 + 1);
    png.extend(chunk(b"IDAT", &zeros(bytes)));
    png.extend(chunk(b"IEND", &[]));
    png
}

/// The begin of one, and nothing behind it.
pub(super) fn clear_png_header(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 6, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &header));
    png.extend(chunk(b"IDAT", &zeros(100)[..8]));
    png
}

/// A GIF of one colour with `frames` frames of a few bytes.
pub(super) fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let [w, h] = [width.to_le_bytes(), height.to_le_bytes()];
    let mut out = b"GIF89a".to_vec();
    out.extend([w[0], w[1], h[0], h[1], 0x80, 0, 0, 255, 0, 0, 0, 0, 255]);
    let mut first = vec![b',', 0, 0, 0, 0, w[0], w[1], h[0], h[1], 0, 2];
    let codes = run(usize::from(width.min(100)) * usize::from(height.min(100)));
    for block in codes.chunks(255) {
        first.push(u8::try_from(block.len()).expect("at most 255"));
        first.extend(block);
    }
    first.push(0);
    out.extend(first);
    let next = [b',', 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
    for _ in 1..frames {
        out.extend(next);
    }
    out.push(b';');
    out
}

/// A lossless WebP whose every pixel takes no bits at all.
pub(super) fn flat_webp(width: u32, height: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0x2f, 8);
    bits.push(width - 1, 14);
    bits.push(height - 1, 14);
    // Alpha, version; no transform, no colour cache, no groups.
    bits.push(1, 1);
    bits.push(0, 3 + 1 + 1 + 1);
    for _ in 0..5 {
        // A simple code of one symbol, of one bit, zero.
        bits.push(0b0001, 4);
    }
    let mut data = bits.finish();
    data.resize(data.len() + 8 + data.len() % 2, 0);
    let length = |bytes: usize| u32::try_from(bytes).expect("a few").to_le_bytes();
    let mut out = b"RIFF".to_vec();
    out.extend(length(data.len() + 12));
    out.extend(b"WEBPVP8L");
    out.extend(length(data.len()));
    out.extend(data);
    out
}

pub(super) fn jpeg_and_html() -> Vec<u8> {
    let photo = fixture("gray.jpg");
    let page = b"--><html><script>alert(1)</script></html><!--";
    let mut both = photo[..2].to_vec();
    both.extend([0xff, 0xfe, 0, u8::try_from(page.len() + 2).expect("short")]);
    both.extend(page);
    both.extend(&photo[2..]);
    both
}

/// LZW codes of a GIF for `count` pixels of one colour: the table starts anew before codes grow.
fn run(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    let mut left = count;
    while left > 0 {
        // Clear, one pixel; codes have three bits as long as the table is new.
        bits.push(4, 3);
        bits.push(0, 3);
        left -= 1;
        if left > 0 {
            bits.push(0, 3);
            left -= 1;
        }
    }
    bits.push(5, 3);
    bits.finish()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    let mut out = u32::try_from(data.len())
        .expect("small")
        .to_be_bytes()
        .to_vec();
    out.extend(&body);
    out.extend(crc32(&body).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let update = |crc: u32, &byte: &u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| match crc & 1 {
            1 => crc >> 1 ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    };
    !bytes.iter().fold(u32::MAX, update)
}
