//! Files that are cut, spoilt, or not what they seem.

use domain::preview::Reason;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{FIXTURES, fixture, shown};

#[test]
fn r_f3_what_cannot_be_shown_says_so() {
    for (bytes, reason) in [
        (
            &b"PK\x03\x04 an archive, whatever is in it"[..],
            Reason::Unsupported,
        ),
        (fixture("picture.heic"), Reason::Unsupported),
        (b"%PDF-1.7 is all there is", Reason::Damaged),
        (b"GIF89a=1;/*alert(1)*/", Reason::Damaged),
        (
            b"\xff\xd8\xff<html><script>alert(1)</script>",
            Reason::Damaged,
        ),
        (b"OggS", Reason::Damaged),
        (b"fLaC", Reason::Damaged),
        (b"\x1a\x45\xdf\xa3", Reason::Damaged),
        (b"RIFF....WAVEfmt ", Reason::Damaged),
        (b"RIFF....WEBPVP8 ", Reason::Damaged),
        (b"ID3\x03\0\0\x7f\x7f\x7f\x7f", Reason::Damaged),
    ] {
        assert_eq!(shown(bytes).map(|made| made.kind), Err(reason), "{bytes:?}");
    }
}

#[test]
fn r_f3_a_picture_of_too_many_pixels_is_not_decoded() {
    let mut png = fixture("wide.png").to_vec();
    png[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    assert_eq!(shown(&png).map(drop), Err(Reason::TooLarge));
    let mut jpeg = fixture("gray.jpg").to_vec();
    let frame = jpeg
        .windows(2)
        .position(|found| found == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(shown(&jpeg).map(drop), Err(Reason::TooLarge));
}

#[test]
fn r_f3_a_cut_file_is_no_preview_or_the_same_one() {
    for (name, bytes) in FIXTURES {
        // Text and streams have no end of their own; the others notice.
        let open = [
            "korean.txt",
            "bare.mp3",
            "tone.mp3",
            "tone.flac",
            "tone.ogg",
            "tone.opus",
            "page.pdf",
        ]
        .contains(name);
        let cut = shown(&bytes[..bytes.len() / 2]);
        assert!(
            open || cut.is_err() || name.ends_with("gif"),
            "{name}: {cut:?}"
        );
        for length in 0..bytes.len().min(300) {
            drop(shown(&bytes[..length]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn r_f3_nothing_panics_over_a_spoilt_file(
        which: Index, changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
    ) {
        let (_, original) = FIXTURES[which.index(FIXTURES.len())];
        let mut bytes = original.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drop(shown(&bytes));
    }

    #[test]
    fn r_f3_nothing_panics_over_anything(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        drop(shown(&bytes));
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = match crc & 1 {
                1 => crc >> 1 ^ 0xedb8_8320,
                _ => crc >> 1,
            };
        }
    }
    !crc
}
