//! The account's limit on requests: a bucket that refills each moment.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Allows `rate` requests a second, and half as many at once.
#[derive(Debug)]
pub(super) struct Quota {
    rate: f64,
    bucket: Mutex<(f64, Instant)>,
}

impl Quota {
    pub(super) fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        Self {
            rate,
            bucket: Mutex::new((rate / 2.0, Instant::now())),
        }
    }

    /// Whether one more request is allowed now.
    pub(super) fn take(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (level, at) = &mut *bucket;
        *level = (*level + at.elapsed().as_secs_f64() * self.rate).min(self.rate / 2.0);
        *at = Instant::now();
        let allowed = *level >= 1.0;
        *level -= f64::from(u8::from(allowed));
        allowed
    }
}
