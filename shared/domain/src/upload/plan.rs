//! How a file is cut into parts: one pure function of its size.

const MIB: u64 = 1 << 20;

/// Smallest part, except for the last one: 16 MiB.
pub const MIN_PART: u64 = 16 * MIB;
/// Largest part that S3 takes: 5 GiB.
const MAX_PART: u64 = 5 << 30;
/// Most parts of one upload.
pub const MAX_PARTS: u32 = 10_000;
/// Largest file: 10,000 parts of 5 GiB, 48.8 TiB.
pub const MAX_SIZE: u64 = MAX_PARTS as u64 * MAX_PART;

/// A file cut into parts of equal size; only the last may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Bytes of the whole file.
    pub size: u64,
    /// Bytes of every part but the last; a whole number of MiB.
    pub part_size: u64,
    /// How many parts: 1 to [`MAX_PARTS`].
    pub part_count: u32,
}

/// One part of a plan: `length` bytes of the file from `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// 1 to the plan's `part_count`.
    pub number: u32,
    /// Where in the file it begins.
    pub offset: u64,
    /// Its bytes; 0 only for the one part of an empty file.
    pub length: u64,
}

/// A file that no object of S3 can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file has at most {MAX_SIZE} bytes")]
pub struct TooLarge;

/// The parts of a file of `size` bytes. The same size always gives the same parts, so that equal
/// content has equal part checksums. An empty file is one empty part.
///
/// # Errors
/// [`TooLarge`] above [`MAX_SIZE`].
pub fn plan(size: u64) -> Result<Plan, TooLarge> {
    if size > MAX_SIZE {
        return Err(TooLarge);
    }
    let least = size.div_ceil(u64::from(MAX_PARTS)).max(MIN_PART);
    let part_size = least.div_ceil(MIB) * MIB;
    let part_count = u32::try_from(size.div_ceil(part_size).max(1)).map_err(|_| TooLarge)?;
    Ok(Plan {
        size,
        part_size,
        part_count,
    })
}

impl Plan {
    /// The part called `number`, if the plan has it.
    #[must_use]
    pub fn part(&self, number: u32) -> Option<Part> {
        if !(1..=self.part_count).contains(&number) {
            return None;
        }
        let offset = u64::from(number - 1) * self.part_size;
        Some(Part {
            number,
            offset,
            length: self.part_size.min(self.size - offset),
        })
    }

    /// Every part, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        (1..=self.part_count).filter_map(|number| self.part(number))
    }

    /// Bytes that `count` parts make, when `with_last` says whether the last one is among them.
    #[must_use]
    pub fn bytes_of(&self, count: u32, with_last: bool) -> u64 {
        let full = u64::from(count.min(self.part_count)) * self.part_size;
        let short = self
            .part(self.part_count)
            .map_or(0, |last| self.part_size - last.length);
        if with_last {
            full - short
        } else {
            full.min(self.size)
        }
    }
}

/// The numbers from 1 to `count` that `present` (ascending) lacks, as inclusive ranges.
#[must_use]
pub fn missing_ranges(count: u32, present: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut missing = Vec::new();
    let mut next = 1;
    for number in present.into_iter().take_while(|number| *number <= count) {
        if number > next {
            missing.push((next, number - 1));
        }
        next = number + 1;
    }
    if next <= count {
        missing.push((next, count));
    }
    missing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r_u1_edges() {
        let of = |size| plan(size).map(|plan| (plan.part_size, plan.part_count));
        assert_eq!(of(0), Ok((MIN_PART, 1)));
        assert_eq!(plan(0).unwrap().part(1).unwrap().length, 0);
        assert_eq!(of(1), Ok((MIN_PART, 1)));
        assert_eq!(of(MIN_PART), Ok((MIN_PART, 1)));
        assert_eq!(of(MIN_PART + 1), Ok((MIN_PART, 2)));
        assert_eq!(of(MIN_PART * 10_000), Ok((MIN_PART, 10_000)));
        assert_eq!(of(MIN_PART * 10_000 + 1), Ok((17 * MIB, 9_412)));
        assert_eq!(of(10_000_000_000), Ok((MIN_PART, 597)));
        assert_eq!(of(MAX_SIZE), Ok((MAX_PART, 10_000)));
        assert_eq!(of(MAX_SIZE + 1), Err(TooLarge));
        assert_eq!(of(u64::MAX), Err(TooLarge));
    }

    #[test]
    fn gaps_are_ranges() {
        assert_eq!(missing_ranges(5, []), [(1, 5)]);
        assert_eq!(missing_ranges(5, [1, 2, 3, 4, 5]), []);
        assert_eq!(missing_ranges(9, [2, 3, 6]), [(1, 1), (4, 5), (7, 9)]);
        assert_eq!(missing_ranges(2, [1, 2, 3]), []);
    }

    proptest! {
        #[test]
        fn r_u1_a_plan_is_what_s3_takes(size in prop_oneof![0..=MAX_SIZE, 0..=(1_u64 << 40), 0..=MIN_PART * 3]) {
            let plan = plan(size).unwrap();
            prop_assert!(plan.part_size >= MIN_PART && plan.part_size <= MAX_PART);
            prop_assert_eq!(plan.part_size % MIB, 0);
            prop_assert!((1..=MAX_PARTS).contains(&plan.part_count));
            // No smaller whole MiB would do.
            let smaller = plan.part_size - MIB;
            prop_assert!(smaller < MIN_PART || size.div_ceil(smaller) > u64::from(MAX_PARTS));
            let last = plan.part(plan.part_count).unwrap();
            prop_assert_eq!(last.offset + last.length, size);
            prop_assert!(last.length > 0 || size == 0);
            prop_assert_eq!(plan.part(0), None);
            prop_assert_eq!(plan.part(plan.part_count + 1), None);
            prop_assert_eq!(plan.bytes_of(plan.part_count, true), size);
        }

        #[test]
        fn parts_join_without_gap(size in 0..=MIN_PART * 40) {
            let plan = plan(size).unwrap();
            let mut at = 0;
            for part in plan.parts() {
                prop_assert_eq!(part.offset, at);
                at += part.length;
            }
            prop_assert_eq!(at, size);
        }

        #[test]
        fn missing_and_present_make_the_whole(
            count in 1_u32..200, present in proptest::collection::btree_set(1_u32..250, 0..200),
        ) {
            let mut all: Vec<u32> = missing_ranges(count, present.iter().copied())
                .into_iter().flat_map(|(from, to)| from..=to).collect();
            all.extend(present.iter().filter(|number| **number <= count));
            all.sort_unstable();
            prop_assert_eq!(all, (1..=count).collect::<Vec<_>>());
        }
    }
}
