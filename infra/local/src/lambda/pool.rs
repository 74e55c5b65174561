//! The instances of one function, and the invocations that wait for one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Pid;
use tokio::process::Child;
use tokio::sync::oneshot;

use super::instance::{self, Launcher};
use super::{Counters, Error, Options, clock};
use crate::template::Function;

/// Instances and waiting invocations of one function.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) function: Function,
    launcher: Launcher,
    limits: Limits,
    state: Mutex<State>,
}

/// An invocation as an instance gets it.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) request: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: u64,
}

/// What an instance that asks for its next invocation gets.
#[derive(Debug)]
pub(super) enum Next {
    Now(Delivery),
    Later(oneshot::Receiver<Delivery>),
}

#[derive(Debug)]
struct Limits {
    concurrency: usize,
    keep_warm: usize,
    freeze: bool,
    idle: Duration,
    queue: Duration,
    init: Duration,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    slots: HashMap<u64, Slot>,
    /// Idle instances, the one that was busy last at the end: it is used first, so that others age.
    idle: Vec<u64>,
    last_id: u64,
    closed: bool,
    counters: Counters,
}

#[derive(Debug)]
struct Waiting {
    request: String,
    payload: Bytes,
    reply: Reply,
    since: Instant,
}

#[derive(Debug)]
struct Slot {
    pid: Option<Pid>,
    phase: Phase,
    since: Instant,
}

#[derive(Debug)]
enum Phase {
    Starting,
    Idle(oneshot::Sender<Delivery>),
    Running {
        request: String,
        reply: Reply,
    },
    /// It has answered and not yet asked for more, or it is on its way out.
    Between,
}

type Reply = oneshot::Sender<Result<Bytes, Error>>;

impl Pool {
    pub(super) fn new(options: &Options, function: Function, launcher: Launcher) -> Self {
        Self {
            function,
            launcher,
            limits: Limits {
                concurrency: options.concurrency.max(1),
                keep_warm: options.keep_warm,
                freeze: options.freeze,
                idle: options.idle,
                queue: options.queue,
                init: options.init,
            },
            state: Mutex::default(),
        }
    }

    /// Hands an event to an instance, or queues it until one is free, and waits for the answer.
    pub(super) async fn call(self: &Arc<Self>, payload: Bytes) -> Result<Bytes, Error> {
        let (reply, answer) = oneshot::channel();
        self.submit(Waiting {
            request: clock::request_id(),
            payload,
            reply,
            since: Instant::now(),
        });
        answer.await.unwrap_or(Err(Error::Exited))
    }

    /// Starts the instances that are kept warm.
    pub(super) fn warm_up(self: &Arc<Self>) {
        let mut state = self.state();
        self.top_up(&mut state);
    }

    /// An instance asks for its next invocation; `None` when it is not one of ours (any more).
    pub(super) fn next(&self, id: u64) -> Option<Next> {
        let mut state = self.state();
        let state = &mut *state;
        let slot = state.slots.get_mut(&id)?;
        slot.since = Instant::now();
        if let Some(waiting) = state.waiting.pop_front() {
            return Some(Next::Now(self.run(slot, &mut state.counters, waiting)));
        }
        let (wake, woken) = oneshot::channel();
        slot.phase = Phase::Idle(wake);
        state.idle.push(id);
        if self.limits.freeze {
            instance::freeze(slot.pid);
        }
        Some(Next::Later(woken))
    }

    /// An instance answers; whether it was asked.
    pub(super) fn answer(&self, id: u64, request: &str, result: Result<Bytes, Error>) -> bool {
        let mut state = self.state();
        let Some(slot) = state.slots.get_mut(&id) else {
            return false;
        };
        match std::mem::replace(&mut slot.phase, Phase::Between) {
            Phase::Running {
                request: asked,
                reply,
            } if asked == request => {
                slot.since = Instant::now();
                state.counters.finished(&result);
                answer(reply, result);
                true
            }
            other => {
                slot.phase = other;
                false
            }
        }
    }

    /// Ends what takes too long and what has been idle for long.
    pub(super) fn sweep(self: &Arc<Self>) {
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
                state.counters.saw(slot.pid);
                self.end(slot, &mut state.counters);
            }
        }
    }

    /// Kills every instance that is there; invocations that wait get new ones.
    pub(super) fn kill_all(&self) {
        for slot in self.state().slots.values() {
            instance::kill(slot.pid);
        }
    }

    /// Kills every instance and starts no more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.kill_all();
    }

    pub(super) fn counters(&self) -> Counters {
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

    fn submit(self: &Arc<Self>, mut waiting: Waiting) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        while let Some(id) = state.idle.pop() {
            let State {
                slots, counters, ..
            } = &mut *state;
            let Some(slot) = slots.get_mut(&id) else {
                continue;
            };
            let Phase::Idle(wake) = std::mem::replace(&mut slot.phase, Phase::Between) else {
                continue;
            };
            instance::thaw(slot.pid);
            let delivery = self.run(slot, counters, waiting);
            let Err(delivery) = wake.send(delivery) else {
                return;
            };
            // It hung up while idle: it is ending, the next one takes the invocation.
            let Phase::Running { request, reply } =
                std::mem::replace(&mut slot.phase, Phase::Between)
            else {
                return;
            };
            waiting = Waiting {
                request,
                reply,
                payload: delivery.payload,
                since: Instant::now(),
            };
        }
        state.waiting.push_back(waiting);
        self.top_up(&mut state);
    }

    /// Marks the instance as running this invocation, from now until the function's time-out.
    fn run(&self, slot: &mut Slot, counters: &mut Counters, waiting: Waiting) -> Delivery {
        let Waiting {
            request,
            payload,
            reply,
            ..
        } = waiting;
        counters.invocations += 1;
        counters.bytes_in += payload.len() as u64;
        slot.since = Instant::now();
        slot.phase = Phase::Running {
            request: request.clone(),
            reply,
        };
        let timeout_ms = u64::try_from(self.function.timeout.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = clock::now_ms().saturating_add(timeout_ms);
        Delivery {
            request,
            payload,
            deadline_ms,
        }
    }

    /// Starts instances until enough are on their way for those who wait, within the limit.
    fn top_up(self: &Arc<Self>, state: &mut State) {
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
                    tracing::error!(%error, function = self.function.name, "an instance did not start");
                    state.waiting.pop_front();
                    return;
                }
            }
        }
    }

    /// An instance has ended: whoever waited for it hears so, and others get a new one.
    fn ended(self: &Arc<Self>, id: u64) {
        let mut state = self.state();
        state.idle.retain(|idle| *idle != id);
        let phase = state.slots.remove(&id).map(|slot| slot.phase);
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    fn finished(&mut self, result: &Result<Bytes, Error>) {
        match result {
            Ok(bytes) | Err(Error::Failed(bytes)) => self.bytes_out += bytes.len() as u64,
            Err(_) => {}
        }
        self.errors += u64::from(result.is_err());
    }

    fn saw(&mut self, pid: Option<Pid>) {
        self.peak_rss_kib = self.peak_rss_kib.max(instance::peak_rss_kib(pid));
    }
}

/// Waits for the end of an instance; the pipe to it stays open until then.
async fn watch(pool: Arc<Pool>, id: u64, mut child: Child) {
    let pipe = child.stdin.take();
    if let Err(error) = child.wait().await {
        tracing::warn!(%error, "an instance could not be waited for");
    }
    drop(pipe);
    pool.ended(id);
}

fn answer(reply: Reply, result: Result<Bytes, Error>) {
    if reply.send(result).is_err() {
        tracing::debug!("the caller of an invocation left before its answer");
    }
}
