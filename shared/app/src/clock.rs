//! The one place that reads the clock and makes ids; everything else takes them as arguments.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the edge where time and ids come in"
)]

use time::OffsetDateTime;
use uuid::Uuid;

/// The time now, in UTC, to the microsecond (what Postgres keeps).
#[must_use]
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

/// A fresh `UUIDv7`.
#[must_use]
pub fn id() -> Uuid {
    Uuid::now_v7()
}
