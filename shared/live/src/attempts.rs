//! Attempts at a door: at most so many failures in any window, counted exactly, without turning honest
//! crowds away.
//!
//! Whoever tries takes one of the failures that are left and gives it back when the attempt did not
//! fail. So no number of attempts at once gets more guesses than are left, and attempts that merely
//! overlap are told to wait a moment, not refused.

use std::time::Duration;

use crate::{Error, Live};

/// An attempt whose end was never told counts as open for this long.
const LEASE: Duration = Duration::from_secs(10);

/// What is counted: failures of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// Its name, such as `sign_in`.
    pub name: &'static str,
    /// Failures that fit in the window.
    pub failures: u32,
    /// The window, which slides.
    pub window: Duration,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes; [`Live::attempt_over`] must follow.
    Open,
    /// Not yet: others are trying, and if they all fail nothing is left.
    Busy,
    /// No, for this long.
    Refused(Duration),
}

script! {
    ATTEMPT = "attempt";
    ATTEMPT_OVER = "attempt_over";
}

impl Live {
    /// Opens an attempt of `subject` (an address, an account) at `door`, under a `name` that no other attempt has.
    /// Opening it twice is opening it once, so a lost answer can be asked for again.
    ///
    /// # Errors
    /// When Redis does not answer within its deadline; the caller decides whether that opens or closes the door.
    pub async fn attempt(&self, door: &Door, subject: &str, name: &str) -> Result<Attempt, Error> {
        let mut call = ATTEMPT.prepare_invoke();
        for key in keys(door, subject) {
            call.key(key);
        }
        call.arg(door.failures)
            .arg(millis(door.window))
            .arg(millis(LEASE))
            .arg(name);
        let (answer, wait): (u8, u64) = self.redis().script(&call).await?;
        Ok(match answer {
            0 => Attempt::Open,
            1 => Attempt::Busy,
            _ => Attempt::Refused(Duration::from_millis(wait)),
        })
    }

    /// Ends an open attempt, as a failure or not; like opening, it can be repeated.
    ///
    /// # Errors
    /// As [`Live::attempt`].
    pub async fn attempt_over(
        &self,
        door: &Door,
        subject: &str,
        name: &str,
        failed: bool,
    ) -> Result<(), Error> {
        let mut call = ATTEMPT_OVER.prepare_invoke();
        for key in keys(door, subject) {
            call.key(key);
        }
        call.arg(millis(door.window))
            .arg(name)
            .arg(i32::from(failed));
        self.redis().script::<i64>(&call).await.map(drop)
    }
}

/// Failures and open attempts; the hash tag keeps both in one slot.
fn keys(door: &Door, subject: &str) -> [String; 2] {
    ["failed", "open"].map(|what| format!("{{attempt:{}:{subject}}}:{what}", door.name))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
