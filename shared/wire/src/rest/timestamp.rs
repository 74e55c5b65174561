//! Times as RFC 3339 in UTC with exactly three decimals.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};
use time::format_description::{BorrowedFormatItem, well_known::Rfc3339};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
/// Bytes of what [`FORMAT`] writes.
const LENGTH: usize = 24;

/// Writes `at` as `2026-01-02T03:04:05.678Z`.
///
/// # Errors
/// When the year has more than four digits.
pub fn serialize<S: Serializer>(at: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    let mut text = [0; LENGTH];
    let at = at.to_offset(UtcOffset::UTC);
    at.format_into(&mut text.as_mut_slice(), FORMAT)
        .map_err(S::Error::custom)?;
    to.serialize_str(std::str::from_utf8(&text).map_err(S::Error::custom)?)
}

/// Reads any RFC 3339 time.
///
/// # Errors
/// When it is not one.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OffsetDateTime, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    OffsetDateTime::parse(&text, &Rfc3339).map_err(D::Error::custom)
}

/// The same for times that may be absent (`null`).
pub mod option {
    use super::{Deserialize, Deserializer, OffsetDateTime, Serializer};

    /// Writes the time or `null`.
    ///
    /// # Errors
    /// As [`super::serialize`].
    pub fn serialize<S: Serializer>(at: &Option<OffsetDateTime>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, to),
            None => to.serialize_none(),
        }
    }

    /// Reads the time or `null`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "super")] OffsetDateTime);
        Ok(Option::<Wrapped>::deserialize(from)?.map(|Wrapped(at)| at))
    }
}
