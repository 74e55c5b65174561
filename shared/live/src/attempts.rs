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

/// KEYS: failures and open attempts, both by time. ARGV: failures allowed, window in ms, lease in ms, the attempt's name.
const ENTER: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])
if redis.call('ZSCORE', KEYS[2], ARGV[4]) then return {0, 0} end
local failed = redis.call('ZCARD', KEYS[1])
if failed >= tonumber(ARGV[1]) then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return {2, math.max(1, oldest[2] + ARGV[2] - now)}
end
if failed + redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[1]) then return {1, 0} end
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {0, 0}
";

/// KEYS: as above. ARGV: window in ms, the attempt's name, 1 when it failed.
const LEAVE: &str = r"
redis.call('ZREM', KEYS[2], ARGV[2])
if ARGV[3] == '1' then
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[1], 'NX', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 0
";

impl Live {
    /// Opens an attempt of `subject` (an address, an account) at `door`, under a `name` that no other attempt has.
    /// Opening it twice is opening it once, so a lost answer can be asked for again.
    ///
    /// # Errors
    /// When Redis does not answer within its deadline; the caller decides whether that opens or closes the door.
    pub async fn attempt(&self, door: &Door, subject: &str, name: &str) -> Result<Attempt, Error> {
        let script = Script::new(ENTER);
        let mut call = script.prepare_invoke();
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
        let script = Script::new(LEAVE);
        let mut call = script.prepare_invoke();
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
