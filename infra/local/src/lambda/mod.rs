//! Lambda on this machine: instances are child processes that speak the real Runtime API.
//!
//! Each instance handles one invocation at a time, is started when one is needed, frozen between
//! invocations and killed when it takes too long or has been idle for a while.

mod api;
pub(crate) mod clock;
mod deliver;
mod instance;
mod outcome;
mod pool;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::{Effect, Faults, Target};
use crate::loopback::{Server, StartError};
use crate::template::Function;
pub use outcome::{Counters, Error, NoStart};
use pool::Pool;

/// How instances are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program of an instance and its first arguments; the function's name comes last.
    pub command: Vec<String>,
    /// The folder of binaries as they are deployed, `maru-NAME/bootstrap` each, to run instead of `command`.
    pub binaries: Option<PathBuf>,
    /// Variables of every instance besides its function's own: endpoints, credentials.
    pub environment: BTreeMap<String, String>,
    /// Where the output of instances goes: `NAME.log`. Made if absent.
    pub logs: PathBuf,
    /// The port of the Runtime and Invoke APIs on loopback; 0 for a free one.
    pub port: u16,
    /// The most instances of one function.
    pub concurrency: usize,
    /// Instances of each function that are started at once and never let go.
    pub keep_warm: usize,
    /// Whether instances are stopped between invocations, as Lambda does.
    pub freeze: bool,
    /// How long an instance beyond `keep_warm` may idle.
    pub idle: Duration,
    /// How long an invocation may wait for an instance.
    pub queue: Duration,
    /// How long an instance may take to ask for its first invocation.
    pub init: Duration,
    /// The wait before an asynchronous invocation is tried again; the second one is twice as long.
    pub event_backoff: Duration,
    /// Faults on request.
    pub faults: Faults,
    /// Hears of instances that do not come up.
    pub troubles: Option<UnboundedSender<NoStart>>,
}

/// A running Lambda; clones share it.
#[derive(Debug, Clone)]
pub struct Lambda(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    pools: BTreeMap<String, Arc<Pool>>,
    address: SocketAddr,
    binary_bytes: AtomicU64,
    server: Mutex<Option<Server>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The largest event of a call that waits, and the largest answer, in bytes.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// The largest event of an asynchronous call, in bytes.
pub const MAX_EVENT: usize = 1024 * 1024;

/// How often time-outs are looked for.
const SWEEP: Duration = Duration::from_millis(50);

impl Default for Options {
    /// Ten instances of a function, frozen when idle, let go after five minutes.
    fn default() -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            command: vec![
                program.to_string_lossy().into_owned(),
                "function".to_owned(),
            ],
            binaries: None,
            environment: BTreeMap::new(),
            logs: PathBuf::from(".local/logs"),
            port: 0,
            concurrency: 10,
            keep_warm: 0,
            freeze: true,
            idle: Duration::from_secs(5 * 60),
            queue: Duration::from_secs(20),
            init: Duration::from_secs(20),
            event_backoff: Duration::from_secs(1),
            faults: Faults::default(),
            troubles: None,
        }
    }
}

impl Lambda {
    /// Serves the Runtime and Invoke APIs for `functions`.
    ///
    /// # Errors
    /// When the port is taken or the folder for logs cannot be made.
    pub async fn start(options: Options, functions: Vec<Function>) -> Result<Self, StartError> {
        let failed = |error: std::io::Error| StartError::new("Lambda cannot start", error);
        std::fs::create_dir_all(&options.logs).map_err(failed)?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut pools = BTreeMap::new();
        for function in functions {
            let name = function.name.clone();
            let launcher = instance::Launcher::new(&options, address, &function).map_err(failed)?;
            pools.insert(name, Arc::new(Pool::new(&options, function, launcher)));
        }
        let lambda = Self(Arc::new(Inner {
            options,
            pools,
            address,
            binary_bytes: AtomicU64::new(0),
            server: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }));
        let handler = lambda.clone();
        let server = Server::serve(listener, move |request| {
            let lambda = handler.clone();
            async move { Ok(api::handle(&lambda, request).await) }
        });
        *lambda.server() = Some(server.map_err(failed)?);
        lambda.0.tasks.spawn(sweep(lambda.clone()));
        for pool in lambda.0.pools.values() {
            pool.warm_up();
        }
        Ok(lambda)
    }

    /// `http://127.0.0.1:PORT`: the endpoint of the Invoke API.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Calls a function and waits for its answer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn invoke(&self, name: &str, payload: Bytes) -> Result<Bytes, Error> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Error::TooLarge(MAX_PAYLOAD));
        }
        let pool = self.pool(name)?;
        match self.0.options.faults.check(Target::Lambda, name).await {
            None | Some(Effect::Delay(_) | Effect::Lagging) => {}
            Some(Effect::Twice) => drop(pool.call(payload.clone()).await),
            Some(Effect::Absent | Effect::Kill(_)) => return Err(Error::Exited),
            Some(Effect::Status(_) | Effect::Error200) => return Err(Error::Throttled),
        }
        let answer = pool.call(payload).await?;
        match self
            .0
            .options
            .faults
            .check_after(Target::Lambda, name)
            .await
        {
            None | Some(Effect::Delay(_) | Effect::Twice | Effect::Lagging) => Ok(answer),
            Some(_) => Err(Error::Exited),
        }
    }

    /// Calls a function without waiting; failures are tried again as its template says.
    ///
    /// # Errors
    /// Only when the event is not accepted.
    pub fn invoke_event(&self, name: &str, payload: Bytes) -> Result<(), Error> {
        if payload.len() > MAX_EVENT {
            return Err(Error::TooLarge(MAX_EVENT));
        }
        self.pool(name)?;
        let (lambda, name) = (self.clone(), name.to_owned());
        self.0.tasks.spawn(async move {
            let stop = lambda.0.stop.clone();
            stop.run_until_cancelled(deliver::event(&lambda, &name, payload))
                .await;
        });
        Ok(())
    }

    /// Kills every instance of a function; invocations that they were at are lost.
    pub fn kill(&self, name: &str) {
        if let Some(pool) = self.0.pools.get(name) {
            pool.kill_all();
        }
    }

    /// What has happened so far, by function.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, Counters> {
        let pools = self.0.pools.iter();
        pools
            .map(|(name, pool)| (name.clone(), pool.counters()))
            .collect()
    }

    /// Bytes of bodies that went through functions and were not text: what a file would be.
    #[must_use]
    pub fn binary_bytes(&self) -> u64 {
        self.0.binary_bytes.load(Ordering::Relaxed)
    }

    /// Counts such a body.
    pub(crate) fn saw_binary(&self, bytes: usize) {
        self.0
            .binary_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Kills all instances, and starts no more.
    pub fn close(&self) {
        self.0.stop.cancel();
        for pool in self.0.pools.values() {
            pool.close();
        }
    }

    /// Kills all instances and stops listening.
    pub async fn stop(&self) {
        self.close();
        let server = self.server().take();
        if let Some(server) = server {
            server.stop().await;
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn pool(&self, name: &str) -> Result<&Arc<Pool>, Error> {
        self.0
            .pools
            .get(name)
            .ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Option<Server>> {
        self.0.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enforces time-outs and lets idle instances go.
async fn sweep(lambda: Lambda) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while lambda
        .0
        .stop
        .run_until_cancelled(ticks.tick())
        .await
        .is_some()
    {
        for pool in lambda.0.pools.values() {
            pool.sweep();
        }
    }
}
