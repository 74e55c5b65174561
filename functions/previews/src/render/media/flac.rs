//! FLAC.

use domain::preview::{Details, Reason};

use super::{File, Made, made, milliseconds, read_at};

/// Everything stands in the first block, which every file must have.
pub(crate) fn look(file: &mut impl File) -> Result<Made, Reason> {
    let [kind, a, b, c] = read_at::<4>(file, 4)?;
    if kind & 0x7f != 0 || u32::from_be_bytes([0, a, b, c]) != 34 {
        return Err(Reason::Damaged);
    }
    made(stream_info(&read_at(file, 8)?)?)
}

/// What a STREAMINFO block says.
pub(super) fn stream_info(block: &[u8; 34]) -> Result<Details, Reason> {
    // 20 bits of rate, 3 of channels, 5 of depth, 36 of samples.
    let mut packed = [0; 8];
    packed.copy_from_slice(&block[10..18]);
    let packed = u64::from_be_bytes(packed);
    let rate = packed >> 44;
    let samples = packed & 0xf_ffff_ffff;
    if rate == 0 {
        return Err(Reason::Damaged);
    }
    Ok(Details {
        duration_ms: milliseconds(samples, rate).filter(|_| samples > 0),
        codecs: vec!["flac".to_owned()],
        sample_rate: u32::try_from(rate).ok(),
        channels: u32::try_from((packed >> 41 & 7) + 1).ok(),
        ..Details::default()
    })
}
