//! The door of sign-in: how often one address or account may be wrong (R-A3).

use std::time::Duration;

use domain::account::{THROTTLE_FAILURES, THROTTLE_WINDOW};
use live::Live;
use live::attempts::{Attempt, Door};
use tokio::time::{Instant, sleep};
use wire::problem::Code;

use crate::Problem;

/// Failed sign-ins, counted for the address and for the account alike.
const SIGN_IN: Door = Door {
    name: "sign_in",
    failures: THROTTLE_FAILURES,
    window: THROTTLE_WINDOW.unsigned_abs(),
};

/// Longest wait for others from the same address who are signing in at this moment.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// Opens an attempt of `subject`; it must be ended with [`close`].
///
/// # Errors
/// `rate_limited` when too many failed; `unavailable` when Redis is away: nobody guesses uncounted.
pub(crate) async fn open(live: &Live, subject: &str) -> Result<(), Problem> {
    let began = Instant::now();
    loop {
        match live.attempt(&SIGN_IN, subject).await? {
            Attempt::Open => return Ok(()),
            Attempt::Refused(wait) => {
                let seconds = wait.as_millis().div_ceil(1_000);
                let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
                return Err(Problem::new(Code::RateLimited).retry_after(seconds));
            }
            Attempt::Busy if began.elapsed() > PATIENCE => {
                return Err(Problem::new(Code::RateLimited).retry_after(1));
            }
            Attempt::Busy => sleep(LOOK_AGAIN).await,
        }
    }
}

/// Ends an attempt; `failed` names it when the password was wrong.
///
/// # Errors
/// `unavailable` when a failure could not be counted. A success that could not be told ends by its lease.
pub(crate) async fn close(live: &Live, subject: &str, failed: Option<&str>) -> Result<(), Problem> {
    let told = live.attempt_over(&SIGN_IN, subject, failed).await;
    match (told, failed) {
        (Err(error), Some(_)) => Err(error.into()),
        (Err(error), None) => {
            tracing::warn!(%error, "the end of a sign-in was not told");
            Ok(())
        }
        (Ok(()), _) => Ok(()),
    }
}
