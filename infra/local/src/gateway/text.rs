//! Small pieces of text that requests and events are made of.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::lambda::clock;

/// Replaces each `%XX`; what is no valid UTF-8 afterwards is replaced.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An id as API Gateway gives connections: it must be encoded in a path, which finds who forgets.
pub(super) fn connection_id() -> String {
    let mut bytes = [0; 11];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "no randomness: connections may share an id");
    }
    URL_SAFE.encode(bytes)
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The time as events say it: `09/Feb/2026:18:11:43 +0000`, and in milliseconds since 1970.
pub(super) fn now() -> (String, u64) {
    let format =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    (
        clock::now().format(format).unwrap_or_default(),
        clock::now_ms(),
    )
}

/// A moment as the management API says it.
pub(super) fn rfc3339(moment_ms: u64) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment_ms) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_default()
}
