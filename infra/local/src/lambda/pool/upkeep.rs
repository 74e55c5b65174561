//! Starting instances, ending them, and noticing that they ended.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Instant;

use tokio::process::Child;

use super::{Counters, Error, NoStart, Phase, Pool, Slot, State, answer, instance};
use rustix::process::{Pid, Signal};

impl Pool {
    /// Starts the instances that are kept warm.
    pub(in crate::lambda) fn warm_up(self: &Arc<Self>) {
        let mut state = self.state();
        self.top_up(&mut state);
    }

    /// Ends what takes too long and what has been idle for long.
    pub(in crate::lambda) fn sweep(self: &Arc<Self>) {
        let mut state = self.state();
        let state = &mut *state;
        while state
            .waiting
            .front()
            .is_some_and(|first| first.since.elapsed() > self.limits.queue)
        {
            if let Some(late) = state.waiting.pop_front() {
                answer(late.reply, Err(Error::Throttled));
            }
        }
        let spare = state.slots.len().saturating_sub(self.limits.keep_warm);
        let old = state.idle.iter().take(spare).copied();
        let old: Vec<u64> = old
            .filter(|id| {
                state
                    .slots
                    .get(id)
                    .is_some_and(|slot| slot.since.elapsed() > self.limits.idle)
            })
            .collect();
        state.idle.retain(|id| !old.contains(id));
        for (id, slot) in &mut state.slots {
            let age = slot.since.elapsed();
            let over = match &slot.phase {
                Phase::Starting => age > self.limits.init,
                Phase::Running { .. } | Phase::Between => age > self.function.timeout,
                Phase::Idle(_) => old.contains(id),
            };
            if over {
                if matches!(slot.phase, Phase::Starting) {
                    let seconds = self.limits.init.as_secs();
                    self.tell(format!("it asked for no event within {seconds} s"));
                }
                state.counters.saw(slot.pid);
                self.end(slot, &mut state.counters);
            }
        }
    }

    /// Kills every instance that is there; invocations that wait get new ones.
    pub(in crate::lambda) fn kill_all(&self) {
        for slot in self.state().slots.values() {
            instance::kill(slot.pid);
        }
    }

    /// Kills every instance and starts no more.
    pub(in crate::lambda) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.kill_all();
    }

    pub(in crate::lambda) fn counters(&self) -> Counters {
        let mut state = self.state();
        let State {
            slots, counters, ..
        } = &mut *state;
        for slot in slots.values() {
            counters.saw(slot.pid);
        }
        counters.instances = slots.len() as u64;
        *counters
    }

    /// Starts instances until enough are on their way for those who wait, within the limit.
    pub(super) fn top_up(self: &Arc<Self>, state: &mut State) {
        // One that has just answered asks for more in a moment.
        let coming = |slot: &&Slot| matches!(slot.phase, Phase::Starting | Phase::Between);
        while !state.closed
            && state.slots.len() < self.limits.concurrency.max(self.limits.keep_warm)
            && (state.slots.len() < self.limits.keep_warm
                || state.slots.values().filter(coming).count() < state.waiting.len())
        {
            state.last_id += 1;
            let id = state.last_id;
            match self.launcher.launch(&self.function.name, id) {
                Ok(child) => {
                    let pid = instance::pid_of(&child);
                    state.counters.starts += 1;
                    state.slots.insert(
                        id,
                        Slot {
                            pid,
                            phase: Phase::Starting,
                            since: Instant::now(),
                        },
                    );
                    tokio::spawn(watch(Arc::clone(self), id, child));
                }
                Err(error) => {
                    self.tell(format!("its program cannot be run: {error}"));
                    state.waiting.pop_front();
                    return;
                }
            }
        }
    }

    /// An instance has ended: whoever waited for it hears so, and others get a new one.
    fn ended(self: &Arc<Self>, id: u64, status: Option<ExitStatus>) {
        let mut state = self.state();
        state.idle.retain(|idle| *idle != id);
        let phase = state.slots.remove(&id).map(|slot| slot.phase);
        // One that was killed was not wanted any more.
        if let (Some(Phase::Starting), Some(status), false) = (&phase, status, state.closed)
            && status.signal() != Some(Signal::KILL.as_raw())
        {
            self.tell(format!("it ended before it asked for an event ({status})"));
        }
        match phase {
            Some(Phase::Running { reply, .. }) => {
                state.counters.errors += 1;
                answer(reply, Err(Error::Exited));
            }
            // It never came up. Another try may be as vain, so somebody who waits must hear of it.
            Some(Phase::Starting) => {
                if let Some(waiting) = state.waiting.pop_front() {
                    state.counters.errors += 1;
                    answer(waiting.reply, Err(Error::Exited));
                }
                if state.waiting.is_empty() {
                    return;
                }
            }
            _ => {}
        }
        self.top_up(&mut state);
    }

    /// Kills an instance; an invocation it is at has timed out.
    fn end(&self, slot: &mut Slot, counters: &mut Counters) {
        if let Phase::Running { request, reply } =
            std::mem::replace(&mut slot.phase, Phase::Between)
        {
            tracing::warn!(
                function = self.function.name,
                request,
                "an invocation timed out"
            );
            counters.errors += 1;
            counters.timeouts += 1;
            answer(reply, Err(Error::TimedOut));
        }
        instance::kill(slot.pid);
    }

    /// Reports that an instance did not come up.
    fn tell(&self, how: String) {
        let function = self.function.name.clone();
        tracing::error!(function, how, "an instance did not start");
        let trouble = NoStart {
            function,
            how,
            log: self.launcher.log().to_path_buf(),
        };
        if let Some(troubles) = &self.troubles
            && troubles.send(trouble).is_err()
        {
            tracing::debug!("nobody listens any more");
        }
    }
}

impl Counters {
    pub(super) fn saw(&mut self, pid: Option<Pid>) {
        self.peak_rss_kib = self.peak_rss_kib.max(instance::peak_rss_kib(pid));
    }
}

/// Waits for the end of an instance; the pipe to it stays open until then.
async fn watch(pool: Arc<Pool>, id: u64, mut child: Child) {
    let pipe = child.stdin.take();
    let status = match child.wait().await {
        Ok(status) => Some(status),
        Err(error) => {
            tracing::warn!(%error, "an instance could not be waited for");
            None
        }
    };
    drop(pipe);
    pool.ended(id, status);
}
