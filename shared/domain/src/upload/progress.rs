//! How far an upload is, how fast it goes, when it will be done.

use time::{Duration, OffsetDateTime};

/// Bytes that were there at a time, and how fast they came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it was taken.
    pub at: OffsetDateTime,
    /// Bytes that S3 had by then.
    pub bytes: u64,
    /// Smoothed speed up to then; `None` before the second sample.
    pub bytes_per_s: Option<f64>,
}

/// What people are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Bytes that S3 has.
    pub bytes: u64,
    /// Bytes of the whole file.
    pub total: u64,
    /// 0 to 100, with one decimal; 100 only when every byte is there.
    pub percent: f64,
    /// Smoothed speed; 0 when nothing is known yet.
    pub bytes_per_s: u64,
    /// Seconds until the last byte at that speed; `None` when it stands still.
    pub eta_s: Option<u64>,
}

/// Weight of the newest reading in the smoothed speed.
const FRESH: f64 = 0.4;

/// Joins the sample before with the bytes that are there `now`: what to show, and the next sample.
#[must_use]
pub fn progress(before: Sample, bytes: u64, total: u64, now: OffsetDateTime) -> (Progress, Sample) {
    let bytes = bytes.min(total);
    let elapsed = (now - before.at).max(Duration::milliseconds(1));
    let gained = bytes.saturating_sub(before.bytes);
    let speed = as_f64(gained) / elapsed.as_seconds_f64();
    let speed = match before.bytes_per_s {
        Some(known) => FRESH.mul_add(speed, (1.0 - FRESH) * known),
        None => speed,
    };
    let left = total - bytes;
    let eta_s = match left {
        0 => Some(0),
        _ if speed < 1.0 => None,
        left => Some(whole((as_f64(left) / speed).ceil())),
    };
    let shown = Progress {
        bytes,
        total,
        percent: percent(bytes, total),
        bytes_per_s: whole(speed),
        eta_s,
    };
    let sample = Sample {
        at: now,
        bytes,
        bytes_per_s: Some(speed),
    };
    (shown, sample)
}

/// Many as one: what is there of all, and when the last byte comes if they share the line as they do now.
#[must_use]
pub fn together(all: impl IntoIterator<Item = Progress>) -> Progress {
    let (mut bytes, mut total, mut speed) = (0_u64, 0_u64, 0_u64);
    for one in all {
        bytes = bytes.saturating_add(one.bytes);
        total = total.saturating_add(one.total);
        // What is whole goes at no speed any more.
        if one.bytes < one.total {
            speed = speed.saturating_add(one.bytes_per_s);
        }
    }
    Progress {
        bytes,
        total,
        percent: percent(bytes, total),
        bytes_per_s: speed,
        eta_s: match total - bytes {
            0 => Some(0),
            left => left.checked_div(speed),
        },
    }
}

/// Rounded down, so that 100 is said only of a whole file.
fn percent(bytes: u64, total: u64) -> f64 {
    if bytes >= total {
        return 100.0;
    }
    let tenths = u128::from(bytes) * 1_000 / u128::from(total);
    f64::from(u32::try_from(tenths).unwrap_or(1_000)) / 10.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a speed is an estimate; sizes stay below 2^53"
)]
fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and the value is never negative"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r_u3_many_are_shown_as_one() {
        let one = |bytes, total, bytes_per_s| Progress {
            bytes,
            total,
            percent: 0.0,
            bytes_per_s,
            eta_s: None,
        };
        let all = together([one(100, 100, 7), one(0, 500, 0), one(100, 400, 50)]);
        assert_eq!((all.bytes, all.total, all.percent), (200, 1_000, 20.0));
        assert_eq!((all.bytes_per_s, all.eta_s), (50, Some(16)));
        assert_eq!(together([one(0, 5, 0)]).eta_s, None);
        let none = together([]);
        assert_eq!((none.percent, none.eta_s), (100.0, Some(0)));
    }

    const START: OffsetDateTime = time::macros::datetime!(2026-01-02 03:04:05 UTC);

    #[test]
    fn r_u4_speed_and_time_left() {
        let begin = Sample {
            at: START,
            bytes: 0,
            bytes_per_s: None,
        };
        let (shown, next) = progress(begin, 100, 1_000, START + Duration::seconds(1));
        assert_eq!(
            (shown.percent, shown.bytes_per_s, shown.eta_s),
            (10.0, 100, Some(9))
        );
        let (shown, _) = progress(next, 400, 1_000, START + Duration::seconds(2));
        assert_eq!((shown.bytes_per_s, shown.eta_s), (180, Some(4)));
        let (shown, _) = progress(begin, 0, 1_000, START + Duration::seconds(1));
        assert_eq!((shown.bytes_per_s, shown.eta_s), (0, None));
    }

    #[test]
    fn r_u4_only_the_whole_is_a_hundred() {
        let begin = Sample {
            at: START,
            bytes: 0,
            bytes_per_s: None,
        };
        let total = 1 << 45;
        assert!(progress(begin, total - 1, total, START).0.percent < 100.0);
        let (shown, _) = progress(begin, total, total, START);
        assert_eq!((shown.percent, shown.eta_s), (100.0, Some(0)));
        assert_eq!(progress(begin, 0, 0, START).0.percent, 100.0);
    }

    proptest! {
        #[test]
        fn figures_stay_in_bounds(
            before in 0_u64..1 << 46, bytes in 0_u64..1 << 46, total in 0_u64..1 << 46, ms in -5_000_i64..100_000,
        ) {
            let sample = Sample { at: START, bytes: before, bytes_per_s: Some(7.0) };
            let (shown, _) = progress(sample, bytes, total, START + Duration::milliseconds(ms));
            prop_assert!(shown.bytes <= shown.total);
            prop_assert!((0.0..=100.0).contains(&shown.percent));
        }
    }
}
