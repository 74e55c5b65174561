//! The time and the ids that AWS would give: this is the edge of the local stack.
#![expect(
    clippy::disallowed_methods,
    reason = "the local stack plays the services that tell functions the time"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// The time, in UTC.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// An id for one request.
pub(crate) fn request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
