//! Faults on request: what the stores do when they are slow, absent, failing or answering twice.
//!
//! A rule says where, what and how often; the services of the local stack ask before and after
//! each call. Without rules the question costs one atomic read.

mod control;
mod http;
mod tcp;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub(crate) use control::handle as control;
pub use control::serve;
pub use http::{Failure, around};
pub use tcp::{TcpProxy, tcp_proxy};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Operations by their S3 names; `ObjectCreated` is the notification.
    S3,
    /// Operations by their DynamoDB names.
    Dynamodb,
    /// Operations by bytes that the command holds.
    Redis,
    /// Operations by bytes that the statement holds.
    Postgres,
    /// `PostToConnection`, `GetConnection`, `DeleteConnection`.
    Management,
    /// Operations by the name of the function that is invoked.
    Lambda,
}

/// What happens instead of, or besides, the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The call waits so many milliseconds.
    #[serde(rename = "delay_ms")]
    Delay(u64),
    /// This HTTP status with the error body that the service gives with it.
    Status(u16),
    /// The connection is refused or reset.
    Absent,
    /// The call is carried out twice, the second answer is given.
    Twice,
    /// Status 200 with an error as its body, as S3 does on long calls.
    #[serde(rename = "error_200")]
    Error200,
    /// The last part is missing from the list that is answered, as when S3 has not noticed it yet.
    Lagging,
    /// The running instances of this function are killed, and the caller hears nothing.
    Kill(String),
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which service.
    pub target: Target,
    /// Only this operation; absent: any.
    #[serde(default)]
    pub operation: Option<String>,
    /// What happens.
    pub effect: Effect,
    /// Whether it happens once the call has been carried out, so that only its answer is lost.
    #[serde(default)]
    pub after: bool,
    /// So many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Ends after so many times; absent: stays.
    #[serde(default)]
    pub count: Option<u32>,
    /// Chance for each call, 0 to 1; absent: always.
    #[serde(default)]
    pub probability: Option<f64>,
}

/// A rule that stands, with its number and how often it struck.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Standing {
    /// Names the rule in [`Faults::remove`].
    pub id: u64,
    /// How often it struck.
    pub hits: u32,
    /// The rule, with what is left of `skip` and `count`.
    #[serde(flatten)]
    pub rule: Rule,
}

/// All rules of one stack; clones share them.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

type Killer = Arc<dyn Fn(&str) + Send + Sync>;

struct Inner {
    rules: Mutex<Rules>,
    standing: AtomicUsize,
    changed: watch::Sender<()>,
    killer: Mutex<Option<Killer>>,
}

#[derive(Default)]
struct Rules {
    next: u64,
    standing: Vec<Standing>,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Inner {
            rules: Mutex::default(),
            standing: AtomicUsize::new(0),
            changed: watch::Sender::new(()),
            killer: Mutex::default(),
        }))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&self.standing()).finish()
    }
}

impl Faults {
    /// Says how to kill the instances of a function by name; must not block.
    pub fn on_kill(&self, kill: impl Fn(&str) + Send + Sync + 'static) {
        *locked(&self.0.killer) = Some(Arc::new(kill));
    }

    /// Adds a rule and answers its number.
    pub fn add(&self, rule: Rule) -> u64 {
        self.change(|rules| {
            rules.next += 1;
            let id = rules.next;
            rules.standing.push(Standing { id, hits: 0, rule });
            id
        })
    }

    /// Removes one rule; whether it stood.
    pub fn remove(&self, id: u64) -> bool {
        self.change(|rules| {
            let before = rules.standing.len();
            rules.standing.retain(|standing| standing.id != id);
            rules.standing.len() < before
        })
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.change(|rules| rules.standing.clear());
    }

    /// The rules that stand, used-up ones included until they are removed.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        locked(&self.0.rules).standing.clone()
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.0.standing.load(Ordering::Relaxed) == 0
    }

    /// What happens to this call before it is carried out.
    ///
    /// Delays are waited for and kills are done in here; the caller carries out the rest.
    pub async fn check(&self, target: Target, operation: &str) -> Option<Effect> {
        self.strike(target, false, |wanted| wanted == operation)
            .await
    }

    /// What happens to the answer of a call that was carried out.
    pub async fn check_after(&self, target: Target, operation: &str) -> Option<Effect> {
        self.strike(target, true, |wanted| wanted == operation)
            .await
    }

    /// Wakes whenever a rule came or went.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Whether every call to `target` finds it absent now; uses up no count.
    pub(crate) fn is_absent(&self, target: Target) -> bool {
        !self.idle()
            && locked(&self.0.rules).standing.iter().any(|standing| {
                let rule = &standing.rule;
                rule.target == target
                    && rule.effect == Effect::Absent
                    && rule.operation.is_none()
                    && !rule.after
                    && rule.skip == 0
                    && rule.count.is_none()
                    && rule.probability.is_none()
            })
    }

    /// Like [`Faults::check`], with the operation matched by the caller.
    pub(crate) async fn strike(
        &self,
        target: Target,
        after: bool,
        matches: impl Fn(&str) -> bool,
    ) -> Option<Effect> {
        if self.idle() {
            return None;
        }
        for effect in self.due(target, after, matches) {
            match effect {
                Effect::Delay(milliseconds) => {
                    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                }
                Effect::Kill(function) => {
                    let killer = locked(&self.0.killer).clone();
                    if let Some(kill) = killer {
                        kill(&function);
                    }
                    return Some(Effect::Kill(function));
                }
                effect => return Some(effect),
            }
        }
        None
    }

    /// Counts this call against the rules: all delays that apply, then at most one other effect.
    fn due(&self, target: Target, after: bool, matches: impl Fn(&str) -> bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        for standing in &mut locked(&self.0.rules).standing {
            let rule = &mut standing.rule;
            let applies = rule.target == target
                && rule.after == after
                && rule.operation.as_deref().is_none_or(&matches)
                && rule.count != Some(0);
            if !applies {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.probability.is_some_and(|chance| !happens(chance)) {
                continue;
            }
            standing.hits += 1;
            rule.count = rule.count.map(|left| left - 1);
            effects.push(rule.effect.clone());
            if !matches!(rule.effect, Effect::Delay(_)) {
                break;
            }
        }
        effects
    }

    fn change<T>(&self, change: impl FnOnce(&mut Rules) -> T) -> T {
        let mut rules = locked(&self.0.rules);
        let changed = change(&mut rules);
        self.0
            .standing
            .store(rules.standing.len(), Ordering::Relaxed);
        self.0.changed.send_replace(());
        changed
    }
}

/// The rules stay usable after a panic elsewhere: every change is complete in itself.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn happens(chance: f64) -> bool {
    getrandom::u32().is_ok_and(|drawn| f64::from(drawn) / f64::from(u32::MAX) < chance)
}

#[cfg(test)]
mod tests;
