//! Rate limits in Redis: exact under concurrency, because one script reads and counts.

use std::time::Duration;

use crate::{Error, Live};

/// At most `limit` within `window`, which opens with the first call and is then forgotten whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What is counted, such as `reads`.
    pub name: &'static str,
    /// How many fit.
    pub limit: u32,
    /// For how long they count.
    pub window: Duration,
    /// How many this call is worth; 0 only looks whether one more would fit.
    pub cost: u32,
}

impl Rule {
    /// One call of `limit` in `window`.
    #[must_use]
    pub const fn new(name: &'static str, limit: u32, window: Duration) -> Self {
        Self {
            name,
            limit,
            window,
            cost: 1,
        }
    }
}

/// What the tightest rule says after this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the call may go on; a refused one is not counted.
    pub allowed: bool,
    /// The rule's limit.
    pub limit: u32,
    /// How many are left in the window.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Duration,
}

script! {
    COUNT = "count";
}

impl Live {
    /// Counts one call of `subject` (a person, an address) against every rule, or against none when one refuses.
    ///
    /// # Errors
    /// When Redis does not answer within its deadline; the caller decides whether that opens or closes the door.
    pub async fn limit(&self, subject: &str, rules: &[Rule]) -> Result<Verdict, Error> {
        let mut call = COUNT.prepare_invoke();
        for rule in rules {
            call.key(key(subject, rule.name));
            call.arg(rule.limit).arg(millis(rule.window)).arg(rule.cost);
        }
        let seen: Vec<(u32, u32, i64)> = self.redis().script(&call).await?;
        Ok(tightest(rules, &seen))
    }

    /// Forgets what `subject` used of `rule`: what a success does to its failures.
    ///
    /// # Errors
    /// As [`Live::limit`].
    pub async fn forgive(&self, subject: &str, rule: &Rule) -> Result<(), Error> {
        let key = key(subject, rule.name);
        self.redis().query(redis::cmd("DEL").arg(&key)).await
    }
}

/// The hash tag keeps all rules of one subject in one slot.
fn key(subject: &str, name: &str) -> String {
    format!("{{limit:{subject}}}:{name}")
}

fn millis(window: Duration) -> u64 {
    u64::try_from(window.as_millis()).unwrap_or(u64::MAX)
}

/// A refusing rule before all others, then the one with the smallest share left.
fn tightest(rules: &[Rule], seen: &[(u32, u32, i64)]) -> Verdict {
    let allowed = seen.iter().all(|(fits, ..)| *fits == 1);
    let worst = rules.iter().zip(seen).min_by(|(a, x), (b, y)| {
        let share = |rule: &Rule, used: u32| {
            f64::from(rule.limit.saturating_sub(used)) / f64::from(rule.limit.max(1))
        };
        (x.0, share(a, x.1))
            .partial_cmp(&(y.0, share(b, y.1)))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let Some((rule, (_, used, left))) = worst else {
        return Verdict {
            allowed,
            limit: 0,
            remaining: 0,
            reset: Duration::ZERO,
        };
    };
    Verdict {
        allowed,
        limit: rule.limit,
        remaining: rule.limit.saturating_sub(*used),
        reset: Duration::from_millis(u64::try_from(*left).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_refusing_rule_is_the_one_that_is_told() {
        let rules = [Rule::new("a", 10, MINUTE), Rule::new("b", 2, MINUTE)];
        let verdict = tightest(&rules, &[(1, 9, 1_000), (0, 2, 500)]);
        assert!(!verdict.allowed);
        assert_eq!((verdict.limit, verdict.remaining), (2, 0));
        assert_eq!(verdict.reset, Duration::from_millis(500));
    }

    #[test]
    fn of_two_that_allow_the_one_nearer_its_end_is_told() {
        let rules = [Rule::new("a", 10, MINUTE), Rule::new("b", 100, MINUTE)];
        let verdict = tightest(&rules, &[(1, 9, 1_000), (1, 20, 500)]);
        assert_eq!(
            (verdict.allowed, verdict.limit, verdict.remaining),
            (true, 10, 1)
        );
    }
}
