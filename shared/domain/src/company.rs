//! Companies: what people are in them, and what their plan allows.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::account::{Fault, name};

/// What a person is in their company, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyRole {
    /// Sees only what they were added to.
    Guest,
    /// Works here.
    Member,
    /// Runs the company's Maru.
    Admin,
    /// Answers for it; there is exactly one.
    Owner,
}

impl CompanyRole {
    /// All of them, lowest first.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Member, Self::Admin, Self::Owner];

    /// The name that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether this role runs the company: owner or admin.
    #[must_use]
    pub fn administers(self) -> bool {
        self >= Self::Admin
    }
}

/// A stored word that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no {1}")]
pub struct Unknown(String, &'static str);

impl FromStr for CompanyRole {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Unknown(text.to_owned(), "company role"))
    }
}

/// What a company pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Nothing.
    Free,
    /// More of everything.
    Pro,
    /// Whatever S3 can hold.
    Enterprise,
}

/// What a plan allows; `None` is no limit of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most people.
    pub seats: Option<u32>,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Bytes of all files together.
    pub storage_bytes: Option<u64>,
}

/// A decimal gigabyte.
const GB: u64 = 1_000_000_000;

/// The largest object S3 keeps: 10,000 parts of 5 GiB, a little under 48.83 TiB.
const S3_MAX: u64 = 10_000 * 5 * 1024 * 1024 * 1024;

impl Plan {
    /// All of them, smallest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    /// The name that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// What it allows, unless the deployment or the company says otherwise.
    #[must_use]
    pub fn limits(self) -> Limits {
        match self {
            Self::Free => Limits {
                seats: Some(100),
                max_file_bytes: 10 * GB,
                storage_bytes: Some(50 * GB),
            },
            Self::Pro => Limits {
                seats: Some(1_000),
                max_file_bytes: 100 * GB,
                storage_bytes: Some(500 * GB),
            },
            Self::Enterprise => Limits {
                seats: None,
                max_file_bytes: S3_MAX,
                storage_bytes: None,
            },
        }
    }
}

impl FromStr for Plan {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL
            .into_iter()
            .find(|plan| plan.as_str() == text)
            .ok_or_else(|| Unknown(text.to_owned(), "plan"))
    }
}

/// A company's name: plain text, NFC, 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName(String);

impl CompanyName {
    /// Most characters.
    pub const MAX_CHARS: usize = 100;

    /// Trims and takes `text`.
    ///
    /// # Errors
    /// [`Fault::BadName`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        name(text, Self::MAX_CHARS).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_words_come_back() {
        for role in CompanyRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(
                serde_json::to_value(role).unwrap(),
                serde_json::json!(role.as_str())
            );
        }
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse(), Ok(plan));
        }
        assert!("king".parse::<CompanyRole>().is_err());
    }

    #[test]
    fn r_a4_roles_are_in_order() {
        use CompanyRole::{Admin, Guest, Member, Owner};
        assert!(Owner > Admin && Admin > Member && Member > Guest);
        assert!(Owner.administers() && Admin.administers() && !Member.administers());
    }

    #[test]
    fn r_u1_a_larger_plan_allows_more() {
        let [free, pro, enterprise] = Plan::ALL.map(Plan::limits);
        assert!(free.max_file_bytes < pro.max_file_bytes);
        assert!(pro.max_file_bytes < enterprise.max_file_bytes);
        assert_eq!(free.storage_bytes, Some(50_000_000_000));
        assert_eq!(enterprise.storage_bytes, None);
    }
}
