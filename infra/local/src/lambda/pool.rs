//! The instances of one function, and the invocations that wait for one.

mod upkeep;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::Pid;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::instance::{self, Launcher};
use super::{Counters, Error, NoStart, Options, clock};
use crate::template::Function;

/// Instances and waiting invocations of one function.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) function: Function,
    launcher: Launcher,
    limits: Limits,
    troubles: Option<UnboundedSender<NoStart>>,
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
        let own = function.concurrency.unwrap_or(usize::MAX);
        Self {
            function,
            launcher,
            limits: Limits {
                concurrency: options.concurrency.min(own).max(1),
                keep_warm: options.keep_warm,
                freeze: options.freeze,
                idle: options.idle,
                queue: options.queue,
                init: options.init,
            },
            troubles: options.troubles.clone(),
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
}

fn answer(reply: Reply, result: Result<Bytes, Error>) {
    if reply.send(result).is_err() {
        tracing::debug!("the caller of an invocation left before its answer");
    }
}
