//! How much a company stores, and how much is left.

/// Most uploads that one person may be sending at a time, unless configured otherwise.
pub const MAX_SENDING: u32 = 5;

/// What a company stores, and what it has promised to uploads that still go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Bytes of finished files, each content counted once.
    pub used: u64,
    /// Bytes promised.
    pub reserved: u64,
    /// Bytes that the plan allows in all; `None` for no limit.
    pub limit: Option<u64>,
    /// Bytes of the largest file that the plan allows.
    pub file_limit: u64,
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
        self.limit.map(|limit| limit.saturating_sub(taken))
    }

    /// Whether people should be warned.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        let limit = u128::from(self.limit?);
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
    fn r_u7_what_is_left_and_when_to_warn() {
        let at = |used, reserved| Storage {
            used,
            reserved,
            limit: Some(50_000),
            file_limit: 10_000,
        };
        assert_eq!(at(0, 0).available(), Some(50_000));
        assert_eq!(at(30_000, 20_000).available(), Some(0));
        assert_eq!(at(60_000, 0).available(), Some(0));
        assert_eq!(at(39_000, 0).warning(), None);
        assert_eq!(at(30_000, 10_000).warning(), Some(Warning::High));
        assert_eq!(at(47_000, 500).warning(), Some(Warning::Critical));
        let unlimited = Storage {
            limit: None,
            ..at(u64::MAX, u64::MAX)
        };
        assert_eq!((unlimited.available(), unlimited.warning()), (None, None));
    }
}
