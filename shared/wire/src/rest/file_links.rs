//! Links that share a file with anyone who has them.

use domain::file::Link;
use domain::{LinkId, UserId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::problem::FieldError;

/// Longest life of a link that ends by itself, in seconds: a year.
const MAX_LIFE_S: i64 = 365 * 24 * 60 * 60;
/// Most downloads that a link may be limited to.
const MAX_DOWNLOADS: i64 = 1_000_000;

/// A link to be made.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {
    /// How long it is good for, 60 seconds to a year; until it is revoked when absent.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub expires_in_s: Option<i64>,
    /// How many downloads it is good for; any number when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_downloads: Option<i64>,
}

/// What a link may be used for: until when, how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLimits {
    /// When it ends.
    pub life: Option<Duration>,
    /// How many downloads.
    pub max_downloads: Option<i32>,
}

impl CreateLink {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<LinkLimits, Vec<FieldError>> {
        let within = |value: Option<i64>, least: i64, most: i64, field: &str| match value {
            Some(value) if !(least..=most).contains(&value) => Some(FieldError::new(
                field,
                "out_of_range",
                format!("{least} to {most}"),
            )),
            _ => None,
        };
        let errors: Vec<_> = [
            within(self.expires_in_s, 60, MAX_LIFE_S, "expires_in_s"),
            within(self.max_downloads, 1, MAX_DOWNLOADS, "max_downloads"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(LinkLimits {
            life: self.expires_in_s.map(Duration::seconds),
            max_downloads: self.max_downloads.and_then(|most| i32::try_from(most).ok()),
        })
    }
}

/// A link as people of the file see it; the secret in it is not among what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: LinkId,
    /// Who made it.
    #[schema(value_type = uuid::Uuid)]
    pub created_by: UserId,
    /// When it was made.
    #[serde(with = "super::timestamp")]
    pub created_at: OffsetDateTime,
    /// When it ends; null for not by itself.
    #[serde(with = "super::timestamp::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// How many downloads it is good for; null for any number.
    pub max_downloads: Option<u32>,
    /// How many there were.
    pub download_count: u32,
    /// When it was last used.
    #[serde(with = "super::timestamp::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was taken back, if it was.
    #[serde(with = "super::timestamp::option")]
    pub revoked_at: Option<OffsetDateTime>,
}

/// A link that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewLinkView {
    /// How it looks from now on.
    #[serde(flatten)]
    pub link: LinkView,
    /// Where anyone downloads the file, behind the API's address. It is told only here, once.
    #[schema(example = "/d/3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub path: String,
}

impl From<Link> for LinkView {
    fn from(link: Link) -> Self {
        Self {
            id: link.id,
            created_by: link.created_by,
            created_at: link.created_at,
            expires_at: link.expires_at,
            max_downloads: link.max_downloads,
            download_count: link.downloads,
            last_used_at: link.last_used_at,
            revoked_at: link.revoked_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f2_a_link_has_limits_that_make_sense() {
        let parse = |expires_in_s, max_downloads| {
            CreateLink {
                expires_in_s,
                max_downloads,
            }
            .parse()
        };
        assert!(parse(None, None).is_ok());
        assert!(parse(Some(60), Some(1)).is_ok());
        let wrong = parse(Some(59), Some(0)).unwrap_err();
        assert_eq!(wrong.len(), 2);
        assert!(parse(Some(i64::MAX), Some(i64::MAX)).is_err());
    }
}
