//! Bits and streams of them.

/// A zlib stream of `count` zeros: one bit pattern for each 258 of them.
pub(super) fn zeros(count: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0x0178, 16);
    // The last block, with the fixed codes.
    bits.push(0b011, 3);
    // A zero by itself; codes of letters are written from their highest bit.
    bits.push(0x30_u32.reverse_bits() >> 24, 8);
    let (runs, rest) = ((count - 1) / 258, (count - 1) % 258);
    for _ in 0..runs {
        // Length 258, distance 1.
        bits.push(0b1100_0101_u32.reverse_bits() >> 24, 8);
        bits.push(0, 5);
    }
    for _ in 0..rest {
        bits.push(0x30_u32.reverse_bits() >> 24, 8);
    }
    bits.push(0, 7);
    let mut out = bits.finish();
    // Adler-32 of zeros.
    out.extend(
        [u16::try_from(count % 65_521).expect("a remainder"), 1]
            .map(u16::to_be_bytes)
            .concat(),
    );
    out
}

/// Bits, the lowest first.
#[derive(Debug, Default)]
pub(super) struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    pub(super) fn push(&mut self, value: u32, count: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held.to_le_bytes()[0]);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
        self.out
    }
}
