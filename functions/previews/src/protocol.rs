//! What the two processes say to each other, over the reader's standard input and output.
//!
//! The reader asks for ranges of the file and gets them; at its end it hands over the renditions, then the
//! preview itself. All numbers are little-endian.

use std::io::{self, Read, Write};

/// The most bytes of one range.
pub(crate) const MAX_RANGE: u32 = 2 << 20;

/// The most bytes of a rendition or of the preview's JSON.
pub(crate) const MAX_RESULT: u32 = 12 << 20;

/// How an answer says that no more of the file may be read.
pub(crate) const REFUSED: u32 = u32::MAX;

/// What the reader says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Give me this much of the file from this offset.
    Range(u64, u32),
    /// Here comes a rendition of this many bytes.
    Rendition(u32),
    /// Here comes the preview, of this many bytes of JSON, and nothing after it.
    Preview(u32),
}

impl Said {
    /// Bytes of one.
    pub(crate) const LENGTH: usize = 13;

    /// As it travels.
    pub(crate) fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let (kind, offset, length) = match *self {
            Self::Range(offset, length) => (b'R', offset, length),
            Self::Rendition(length) => (b'O', 0, length),
            Self::Preview(length) => (b'P', 0, length),
        };
        let mut bytes = [kind; Self::LENGTH];
        bytes[1..9].copy_from_slice(&offset.to_le_bytes());
        bytes[9..].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    /// The one that travelled as `bytes`; `None` for what no reader says.
    pub(crate) fn from_bytes(bytes: [u8; Self::LENGTH]) -> Option<Self> {
        let [kind, a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let offset = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let length = u32::from_le_bytes([i, j, k, l]);
        match kind {
            b'R' if (1..=MAX_RANGE).contains(&length) => Some(Self::Range(offset, length)),
            b'O' if length <= MAX_RESULT => Some(Self::Rendition(length)),
            b'P' if length <= MAX_RESULT => Some(Self::Preview(length)),
            _ => None,
        }
    }
}

/// The reader's end: asks for a range; fewer bytes mean the file's end.
pub(crate) fn ask(
    to: &mut impl Write,
    from: &mut impl Read,
    offset: u64,
    length: u32,
) -> io::Result<Vec<u8>> {
    to.write_all(&Said::Range(offset, length).to_bytes())?;
    to.flush()?;
    let mut answered = [0; 4];
    from.read_exact(&mut answered)?;
    let answered = u32::from_le_bytes(answered);
    if answered == REFUSED {
        return Err(io::ErrorKind::QuotaExceeded.into());
    }
    if answered > length {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; answered as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for said in [
            Said::Range(u64::MAX, MAX_RANGE),
            Said::Rendition(0),
            Said::Preview(MAX_RESULT),
        ] {
            assert_eq!(Said::from_bytes(said.to_bytes()), Some(said));
        }
        assert_eq!(Said::from_bytes(Said::Range(0, 0).to_bytes()), None);
        let greedy = Said::Rendition(MAX_RESULT + 1).to_bytes();
        assert_eq!(Said::from_bytes(greedy), None);
    }

    proptest! {
        #[test]
        fn anything_may_come(bytes: [u8; 13]) {
            if let Some(said) = Said::from_bytes(bytes) {
                prop_assert_eq!(Said::from_bytes(said.to_bytes()), Some(said));
            }
        }
    }
}
