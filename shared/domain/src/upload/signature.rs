//! What the first bytes of a file say about it, whatever its name and declared type are.

use super::{Blocked, ContentType};

/// A kind of content that its first bytes give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Its media type.
    pub media_type: &'static str,
    /// Whether a system runs it.
    pub runs: bool,
}

/// How many first bytes [`detect`] looks at.
const ENOUGH: usize = 4_096;

/// `(offset, bytes, media type, runs)`; the first row that fits wins.
const TABLE: &[(usize, &[u8], &str, bool)] = &[
    (0, b"\x7fELF", "application/x-elf", true),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary", true),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary", true),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary", true),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary", true),
    (0, b"\xca\xfe\xba\xbe", "application/x-mach-binary", true),
    (0, b"#!", "text/x-shellscript", true),
    (
        0,
        b"L\x00\x00\x00\x01\x14\x02\x00",
        "application/x-ms-shortcut",
        true,
    ),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", false),
    (0, b"\xff\xd8\xff", "image/jpeg", false),
    (0, b"GIF87a", "image/gif", false),
    (0, b"GIF89a", "image/gif", false),
    (8, b"WEBP", "image/webp", false),
    (8, b"WAVE", "audio/wav", false),
    (4, b"ftypavif", "image/avif", false),
    (4, b"ftyp", "video/mp4", false),
    (0, b"\x1a\x45\xdf\xa3", "video/webm", false),
    (0, b"ID3", "audio/mpeg", false),
    (0, b"OggS", "audio/ogg", false),
    (0, b"fLaC", "audio/flac", false),
    (0, b"%PDF-", "application/pdf", false),
    (0, b"PK\x03\x04", "application/zip", false),
    (0, b"PK\x05\x06", "application/zip", false),
    (0, b"\x1f\x8b", "application/gzip", false),
    (
        0,
        b"7z\xbc\xaf\x27\x1c",
        "application/x-7z-compressed",
        false,
    ),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/x-ole-storage",
        false,
    ),
];

/// Types that a browser shows and never runs: what may be shown inline.
const SHOWABLE: &[&str] = &[
    "application/pdf",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/ogg",
    "video/webm",
];

/// What the first bytes of a file say it is; `None` when they say nothing (text, unknown formats).
#[must_use]
pub fn detect(head: &[u8]) -> Option<Signature> {
    let head = &head[..head.len().min(ENOUGH)];
    if is_windows_program(head) {
        return Some(Signature {
            media_type: "application/vnd.microsoft.portable-executable",
            runs: true,
        });
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if starts_with_word(text, b"@echo off") {
        return Some(Signature {
            media_type: "application/x-bat",
            runs: true,
        });
    }
    TABLE
        .iter()
        .find(|(offset, bytes, ..)| {
            head.get(*offset..)
                .is_some_and(|rest| rest.starts_with(bytes))
        })
        .map(|&(_, _, media_type, runs)| Signature { media_type, runs })
}

/// Refuses content that a system runs.
///
/// # Errors
/// [`Blocked`], naming what was found.
pub fn refuse_by_content(head: &[u8]) -> Result<(), Blocked> {
    match detect(head) {
        Some(found) if found.runs => Err(Blocked {
            kind: found.media_type.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether a browser may be asked to show the file in place: a showable declared type that the
/// content does not contradict.
#[must_use]
pub fn may_show_inline(declared: &ContentType, detected: Option<&str>) -> bool {
    let declared = declared.essence();
    SHOWABLE.contains(&declared)
        && detected.is_none_or(|found| found == declared || same_container(declared, found))
}

/// `MZ` at the front and a plausible header behind it; two letters alone would catch plain text.
fn is_windows_program(head: &[u8]) -> bool {
    head.starts_with(b"MZ") && head.get(2..64).is_none_or(|rest| rest.contains(&0))
}

fn starts_with_word(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// Sound in a container that films use too.
fn same_container(declared: &str, found: &str) -> bool {
    matches!(
        (declared, found),
        ("audio/mp4", "video/mp4") | ("audio/webm", "video/webm") | ("video/ogg", "audio/ogg")
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r_u8_content_that_runs_is_found_under_any_name() {
        let mut program = b"MZ\x90\x00\x03".to_vec();
        program.resize(200, 0);
        for head in [
            &program[..],
            b"\x7fELF\x02",
            b"#!/bin/sh\n",
            b"\xef\xbb\xbf@ECHO OFF\r\n",
            b"\xcf\xfa\xed\xfe",
        ] {
            assert!(refuse_by_content(head).is_err(), "{head:?}");
        }
        let text = "MZ is how this letter starts, and it goes on for more than sixty-four bytes.";
        for head in [
            &b""[..],
            text.as_bytes(),
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n",
            "회의록".as_bytes(),
        ] {
            assert!(refuse_by_content(head).is_ok(), "{head:?}");
        }
    }

    #[test]
    fn r_f2_only_what_is_what_it_says_is_shown() {
        let inline =
            |declared, found| may_show_inline(&ContentType::parse(declared).unwrap(), found);
        assert!(inline("image/png", Some("image/png")));
        assert!(inline("text/plain; charset=utf-8", None));
        assert!(inline("audio/mp4", Some("video/mp4")));
        assert!(!inline("image/png", Some("application/pdf")));
        assert!(!inline("text/html", None));
        assert!(!inline("image/svg+xml", None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_panic(head in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(detect(&head).is_none_or(|found| !found.media_type.is_empty()));
        }
    }
}
