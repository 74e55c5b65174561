//! How much a company may store.

const GB: u64 = 1_000_000_000;

/// Most uploads that one person may be sending at a time.
pub const MAX_SENDING: u32 = 5;

/// What a plan allows, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file.
    pub file: u64,
    /// All files together; `None` for no limit.
    pub company: Option<u64>,
}

/// The limits of the plan called `plan`; an unknown name gets the smallest.
#[must_use]
pub fn limits(plan: &str) -> Limits {
    match plan {
        "enterprise" => Limits {
            file: super::MAX_SIZE,
            company: None,
        },
        "pro" => Limits {
            file: 100 * GB,
            company: Some(500 * GB),
        },
        _ => Limits {
            file: 10 * GB,
            company: Some(50 * GB),
        },
    }
}

/// What a company stores, and what it has promised to uploads that still go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Bytes of finished files, each content counted once.
    pub used: u64,
    /// Bytes promised.
    pub reserved: u64,
    /// What the plan allows.
    pub limits: Limits,
}

/// How close a company is to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// 80 % are taken.
    High,
    /// 95 % are taken.
    Critical,
}

impl Storage {
    /// Bytes that a new upload may still ask for; `None` for no limit.
    #[must_use]
    pub fn available(&self) -> Option<u64> {
        let taken = self.used.saturating_add(self.reserved);
        self.limits.company.map(|limit| limit.saturating_sub(taken))
    }

    /// Whether people should be warned.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        let limit = u128::from(self.limits.company?);
        let taken = u128::from(self.used) + u128::from(self.reserved);
        if taken * 100 >= limit * 95 {
            Some(Warning::Critical)
        } else if taken * 100 >= limit * 80 {
            Some(Warning::High)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_u1_plans() {
        assert_eq!(
            limits("free"),
            Limits {
                file: 10 * GB,
                company: Some(50 * GB)
            }
        );
        assert_eq!(limits("pro").file, 100 * GB);
        assert_eq!(limits("enterprise").company, None);
        assert_eq!(limits("enterprise").file, 53_687_091_200_000);
    }

    #[test]
    fn r_u7_what_is_left_and_when_to_warn() {
        let at = |used, reserved| Storage {
            used,
            reserved,
            limits: limits("free"),
        };
        assert_eq!(at(0, 0).available(), Some(50 * GB));
        assert_eq!(at(30 * GB, 20 * GB).available(), Some(0));
        assert_eq!(at(60 * GB, 0).available(), Some(0));
        assert_eq!(at(39 * GB, 0).warning(), None);
        assert_eq!(at(30 * GB, 10 * GB).warning(), Some(Warning::High));
        assert_eq!(at(47 * GB, GB / 2).warning(), Some(Warning::Critical));
    }
}
