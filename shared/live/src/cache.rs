//! Redis: one lazily opened cluster connection, and a deadline on everything.

use std::sync::Arc;
use std::time::Duration;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, ScriptInvocation};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::Error;

/// Longest wait for any command. What is in Redis is never worth waiting for.
pub const DEADLINE: Duration = Duration::from_millis(150);
/// Longest wait for a connection, the cluster's map included.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// After a failed dial, calls fail at once for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// Redis, as a function sees it. Cheap to clone; nothing is connected before first use.
#[derive(Clone)]
pub struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    address: String,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    connection: Option<ClusterConnection>,
    /// Counts the connections, so that a failure drops the one that failed and not its successor.
    number: u64,
    failed_at: Option<Instant>,
}

impl Redis {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            inner: Arc::new(Inner {
                address: address.to_owned(),
                slot: Mutex::default(),
            }),
        }
    }

    /// Runs one command.
    ///
    /// # Errors
    /// [`Error::Redis`] when it is refused or late, or Redis is away.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        self.run(async |mut connection| command.query_async(&mut connection).await)
            .await
    }

    /// Runs a pipeline, whose keys must share one hash tag.
    ///
    /// # Errors
    /// As [`Redis::query`].
    pub async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Error> {
        self.run(async |mut connection| pipeline.query_async(&mut connection).await)
            .await
    }

    /// Runs a script by its hash, and sends it once when the server does not know it.
    ///
    /// # Errors
    /// As [`Redis::query`].
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Error> {
        self.run(async |mut connection| script.invoke_async(&mut connection).await)
            .await
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.query::<i64>(redis::cmd("EXISTS").arg("ping")).await?;
        Ok(())
    }

    async fn run<T>(
        &self,
        call: impl AsyncFnOnce(ClusterConnection) -> RedisResult<T>,
    ) -> Result<T, Error> {
        let (number, connection) = self.connection().await?;
        let answer = timeout(DEADLINE, call(connection)).await;
        let broken = match &answer {
            Ok(Ok(_)) => false,
            Ok(Err(error)) => error.is_io_error() || error.is_unrecoverable_error(),
            Err(_) => true,
        };
        if broken {
            self.forget(number).await;
        }
        match answer {
            Ok(answer) => Ok(answer?),
            Err(late) => Err(Error::Redis(late.into())),
        }
    }

    async fn connection(&self) -> Result<(u64, ClusterConnection), Error> {
        let mut slot = self.inner.slot.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((slot.number, connection.clone()));
        }
        if slot.failed_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(Error::Redis("Redis was away a moment ago".into()));
        }
        let client = client(&self.inner.address)?;
        let connected = match timeout(CONNECT_TIMEOUT, client.get_async_connection()).await {
            Ok(connected) => connected.map_err(Error::from),
            Err(late) => Err(Error::Redis(late.into())),
        };
        match connected {
            Ok(connection) => {
                slot.number += 1;
                slot.failed_at = None;
                slot.connection = Some(connection.clone());
                Ok((slot.number, connection))
            }
            Err(error) => {
                slot.failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }

    /// The next call opens a new connection.
    async fn forget(&self, number: u64) {
        let mut slot = self.inner.slot.lock().await;
        if slot.number == number {
            slot.connection = None;
        }
    }
}

fn client(address: &str) -> Result<ClusterClient, Error> {
    Ok(ClusterClientBuilder::new([address])
        // No `response_timeout`: the deadline of [`Redis::run`] ends all that waits. Each timer more is a system call,
        // and each command would have three of them.
        .connection_timeout(CONNECT_TIMEOUT)
        .retries(2)
        .min_retry_wait(1)
        .max_retry_wait(20)
        .build()?)
}
