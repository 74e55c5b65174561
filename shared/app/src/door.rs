//! The door of sign-in: how often one address or account may be wrong (R-A3).

use std::time::Duration;

use domain::account::{THROTTLE_FAILURES, THROTTLE_WINDOW};
use live::Live;
use live::attempts::{self, Door};
use tokio::time::{Instant, sleep};
use wire::problem::Code;

use crate::{Problem, clock};

/// Failed sign-ins, counted for the address and for the account alike.
const SIGN_IN: Door = Door {
    name: "sign_in",
    failures: THROTTLE_FAILURES,
    window: THROTTLE_WINDOW.unsigned_abs(),
};

/// Longest wait: for others from the same address who are signing in at this moment, and for Redis. A sign-in is
/// worth that much; what cannot be counted by then is refused.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// An open attempt of one subject.
pub(crate) struct Attempt<'a> {
    live: &'a Live,
    subject: String,
    name: String,
}

impl<'a> Attempt<'a> {
    /// Opens an attempt; it must be ended with [`Attempt::over`].
    ///
    /// # Errors
    /// `rate_limited` when too many failed; `unavailable` when Redis is away: nobody guesses uncounted.
    pub(crate) async fn open(live: &'a Live, subject: String) -> Result<Self, Problem> {
        let attempt = Self {
            live,
            subject,
            name: clock::id().to_string(),
        };
        let began = Instant::now();
        loop {
            let answer = live
                .attempt(&SIGN_IN, &attempt.subject, &attempt.name)
                .await;
            let late = began.elapsed() > PATIENCE;
            match answer {
                Ok(attempts::Attempt::Open) => return Ok(attempt),
                Ok(attempts::Attempt::Refused(wait)) => return Err(limited(wait)),
                Ok(attempts::Attempt::Busy) if late => return Err(limited(LOOK_AGAIN)),
                Err(error) if late => return Err(error.into()),
                Ok(attempts::Attempt::Busy) | Err(_) => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Ends it, as a failure or not.
    ///
    /// # Errors
    /// `unavailable` when a failure could not be counted. A success that could not be told ends by its lease.
    pub(crate) async fn over(self, failed: bool) -> Result<(), Problem> {
        let began = Instant::now();
        loop {
            let told = self
                .live
                .attempt_over(&SIGN_IN, &self.subject, &self.name, failed)
                .await;
            match told {
                Ok(()) => return Ok(()),
                Err(error) if !failed => {
                    tracing::warn!(%error, "the end of a sign-in was not told");
                    return Ok(());
                }
                Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => sleep(LOOK_AGAIN).await,
            }
        }
    }
}

fn limited(wait: Duration) -> Problem {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
    Problem::new(Code::RateLimited).retry_after(seconds)
}
