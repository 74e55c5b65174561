//! What a malware scan says about content.

use serde::{Deserialize, Serialize};

/// What is known of some content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanStatus {
    /// Nothing: nobody scans, or not yet.
    #[default]
    NotScanned,
    /// Nothing bad was found.
    Clean,
    /// Malware was found: nobody can download it.
    Infected,
    /// It is larger than, or of a kind that, the scanner looks at.
    TooLarge,
}

impl ScanStatus {
    const ALL: [Self; 4] = [
        Self::NotScanned,
        Self::Clean,
        Self::Infected,
        Self::TooLarge,
    ];

    /// Its name in answers and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotScanned => "not_scanned",
            Self::Clean => "clean",
            Self::Infected => "infected",
            Self::TooLarge => "too_large",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// What GuardDuty's `scanResultStatus` means; `None` when its scan came to nothing, which changes nothing.
    #[must_use]
    pub fn from_guardduty(status: &str) -> Option<Self> {
        match status {
            "NO_THREATS_FOUND" => Some(Self::Clean),
            "THREATS_FOUND" => Some(Self::Infected),
            "UNSUPPORTED" => Some(Self::TooLarge),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f6_guardduty_is_understood() {
        let of = ScanStatus::from_guardduty;
        assert_eq!(of("NO_THREATS_FOUND"), Some(ScanStatus::Clean));
        assert_eq!(of("THREATS_FOUND"), Some(ScanStatus::Infected));
        assert_eq!(of("UNSUPPORTED"), Some(ScanStatus::TooLarge));
        for nothing in ["ACCESS_DENIED", "FAILED", "", "SOMETHING_NEW"] {
            assert_eq!(of(nothing), None);
        }
        for status in ScanStatus::ALL {
            assert_eq!(ScanStatus::parse(status.as_str()), Some(status));
        }
    }
}
