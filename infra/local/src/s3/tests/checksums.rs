//! Checksums of parts against those of the whole.

use proptest::prelude::*;

use super::super::checksum::*;
use super::super::model::Part;

fn sum(algorithm: Algorithm, bytes: &[u8]) -> String {
    let mut sums = hasher(&[algorithm]);
    sums.update(bytes);
    value(&sums.finalize(), algorithm).expect("computed")
}

proptest! {
    #[test]
    fn joined_checksums_equal_direct_ones(
        bytes in proptest::collection::vec(any::<u8>(), 0..5_000),
        cuts in proptest::collection::vec(0_usize..5_000, 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        for algorithm in [Algorithm::Crc64Nvme, Algorithm::Crc32, Algorithm::Crc32c] {
            let parts: Vec<Part> = cuts
                .windows(2)
                .map(|cut| {
                    let piece = &bytes[cut[0]..cut[1]];
                    Part { checksum: sum(algorithm, piece), size: piece.len() as u64, ..Part::default() }
                })
                .collect();
            prop_assert_eq!(of_parts(algorithm, Kind::Full, &parts).value, sum(algorithm, &bytes));
        }
    }
}

#[test]
fn a_composite_is_the_hash_of_hashes_and_their_number() {
    let parts: Vec<Part> = [b"one".as_slice(), b"two"]
        .into_iter()
        .map(|bytes| Part {
            checksum: sum(Algorithm::Sha256, bytes),
            ..Part::default()
        })
        .collect();
    let together: Vec<u8> = parts.iter().flat_map(|part| raw(&part.checksum)).collect();
    assert_eq!(
        of_parts(Algorithm::Sha256, Kind::Composite, &parts).value,
        format!("{}-2", sum(Algorithm::Sha256, &together))
    );
}
