//! The demo's file: made on the fly at any offset, never held whole.

use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

/// Bytes made at a time.
const BLOCK: usize = 256 * 1024;

/// The content of a file of `size` bytes; the same seed makes the same bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    /// What makes it differ from other files.
    pub(super) seed: u64,
    /// Its length in bytes.
    pub(super) size: u64,
}

impl Content {
    /// The `length` bytes at `offset`, block by block; `offset` is a multiple of eight.
    pub(super) fn blocks(self, offset: u64, length: u64) -> impl Iterator<Item = Bytes> + Send {
        let end = offset + length;
        let mut at = offset;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let take = usize::try_from(end - at).map_or(BLOCK, |left| left.min(BLOCK));
            let block = self.block(at, take);
            at += take as u64;
            Some(block)
        })
    }

    /// SHA-256 of the `length` bytes at `offset`.
    pub(super) fn sha256(self, offset: u64, length: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.blocks(offset, length)
            .for_each(|block| hash.update(&block));
        hash.finalize().into()
    }

    fn block(self, offset: u64, length: usize) -> Bytes {
        let mut block = BytesMut::with_capacity(length + 8);
        let mut word = offset / 8;
        while block.len() < length {
            // SplitMix64 of the position: any word can be made without those before it.
            let mut z = self
                .seed
                .wrapping_add(word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            block.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
            word += 1;
        }
        block.truncate(length);
        block.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_equals_the_same_piece_of_the_whole() {
        let content = Content {
            seed: 7,
            size: 3 * BLOCK as u64 + 13,
        };
        let whole: Vec<u8> = content.blocks(0, content.size).flatten().collect();
        assert_eq!(whole.len() as u64, content.size);
        let from = BLOCK + 64;
        let piece: Vec<u8> = content.blocks(from as u64, 1_000).flatten().collect();
        assert_eq!(piece, whole[from..from + 1_000]);
    }
}
