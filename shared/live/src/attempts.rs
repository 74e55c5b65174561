//! Attempts at a door: at most so many failures in any window, counted exactly, without turning honest
//! crowds away.
//!
//! Whoever tries takes one of the failures that are left and gives it back when the attempt did not
//! fail. So no number of attempts at once gets more guesses than are left, and attempts that merely
//! overlap are told to wait a moment, not refused.

use std::time::Duration;

use redis::Script;

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

/// KEYS: failures (sorted by time), number of open attempts. ARGV: failures allowed, window in ms, lease in ms.
const ENTER: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local failed = redis.call('ZCARD', KEYS[1])
if failed >= tonumber(ARGV[1]) then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return {2, math.max(1, oldest[2] + ARGV[2] - now)}
end
if failed + tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[1]) then return {1, 0} end
redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {0, 0}
";

/// KEYS: as above. ARGV: a name of this attempt when it failed, else empty; window in ms.
const LEAVE: &str = r"
if redis.call('EXISTS', KEYS[2]) == 1 and redis.call('DECR', KEYS[2]) <= 0 then redis.call('DEL', KEYS[2]) end
if ARGV[1] ~= '' then
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
";

impl Live {
    /// Opens an attempt of `subject` (an address, an account) at `door`.
    ///
    /// # Errors
    /// When Redis does not answer within its deadline; the caller decides whether that opens or closes the door.
    pub async fn attempt(&self, door: &Door, subject: &str) -> Result<Attempt, Error> {
        let script = Script::new(ENTER);
        let mut call = script.prepare_invoke();
        for key in keys(door, subject) {
            call.key(key);
        }
        call.arg(door.failures)
            .arg(millis(door.window))
            .arg(millis(LEASE));
        let (answer, wait): (u8, u64) = self.redis().script(&call).await?;
        Ok(match answer {
            0 => Attempt::Open,
            1 => Attempt::Busy,
            _ => Attempt::Refused(Duration::from_millis(wait)),
        })
    }

    /// Ends an open attempt; `failed` names it when it counts as a failure.
    ///
    /// # Errors
    /// As [`Live::attempt`].
    pub async fn attempt_over(
        &self,
        door: &Door,
        subject: &str,
        failed: Option<&str>,
    ) -> Result<(), Error> {
        let script = Script::new(LEAVE);
        let mut call = script.prepare_invoke();
        for key in keys(door, subject) {
            call.key(key);
        }
        call.arg(failed.unwrap_or("")).arg(millis(door.window));
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
