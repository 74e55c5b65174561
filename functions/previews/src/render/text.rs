//! Text: prose, code, tables, whatever people type, in the encodings that they have it in.

use domain::preview::{Details, Kind, Reason, Rendition, Size, TEXT_BYTES};
use encoding_rs::{EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::Made;

/// Shown as plain text whatever it is: markup and scripts are never run.
const PLAIN: &str = "text/plain; charset=utf-8";

/// The text that `head`, the first bytes of a file of `size` bytes, holds; [`Reason::Unsupported`] when it is no text.
pub(crate) fn look(head: &[u8], size: u64) -> Result<Made, Reason> {
    let head = &head[..head.len().min(TEXT_BYTES)];
    let cut = size > head.len() as u64;
    let (encoding, text) = decoded(head, cut).ok_or(Reason::Unsupported)?;
    if text.is_empty() {
        return Err(Reason::Unsupported);
    }
    let bytes = text.into_bytes();
    let rendition = Rendition {
        size: Size::Text,
        width: 0,
        height: 0,
        content_type: PLAIN.to_owned(),
        bytes: bytes.len() as u64,
    };
    Ok(Made {
        kind: Kind::Text,
        details: Details {
            encoding: Some(encoding.name().to_ascii_lowercase()),
            truncated: Some(cut),
            ..Details::default()
        },
        renditions: vec![(rendition, bytes)],
    })
}

/// The first encoding in which every byte makes sense. A character that the end cuts in two is left out.
fn decoded(head: &[u8], cut: bool) -> Option<(&'static Encoding, String)> {
    let marked = Encoding::for_bom(head);
    let candidates: &[&'static Encoding] = match marked {
        Some((encoding, _)) if encoding == UTF_16LE => &[UTF_16LE],
        Some((encoding, _)) if encoding == UTF_16BE => &[UTF_16BE],
        Some(_) => &[UTF_8],
        None => &[UTF_8, EUC_KR],
    };
    let body = marked.map_or(head, |(_, length)| &head[length..]);
    candidates.iter().find_map(|&encoding| {
        // At most three bytes of a character are missing.
        let ends = 0..=if cut { 3.min(body.len()) } else { 0 };
        let text = ends.into_iter().find_map(|less| {
            let body = &body[..body.len() - less];
            encoding.decode_without_bom_handling_and_without_replacement(body)
        })?;
        let plausible = text.chars().all(is_text) && (encoding != EUC_KR || is_korean(&text));
        plausible.then(|| (encoding, text.into_owned()))
    })
}

/// Whether people type it; other control characters are signs of something else.
fn is_text(c: char) -> bool {
    !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}')
}

/// Nearly any two bytes are something in EUC-KR: only what is mostly Hangul was meant so.
fn is_korean(text: &str) -> bool {
    let foreign = text.chars().filter(|c| !c.is_ascii()).count();
    let hangul = text.chars().filter(|c| ('가'..='힣').contains(c)).count();
    hangul * 10 >= foreign * 7
}
