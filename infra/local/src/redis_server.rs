//! The real Redis (or Valkey), one node in cluster mode as ElastiCache Serverless is; nothing is kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

use crate::children::{Children, Server, Spec};
use crate::data::{self, Data};
use crate::install::Package;
use crate::{Error, ports};

/// A fresh node takes about 2 s until it says that its cluster is whole.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Between two looks at a server that starts.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A Redis that speaks the cluster protocol.
#[derive(Debug)]
pub struct Redis {
    /// Ours to start and stop, or nobody's.
    server: Option<Server>,
    address: String,
    folder: PathBuf,
}

impl Redis {
    /// Starts a private one, empty; it may not be ready yet, see [`Redis::ready`].
    ///
    /// # Errors
    /// When it is missing or cannot be started.
    pub async fn start(
        data: &Data,
        port: u16,
        bus_port: u16,
        may_install: bool,
        children: &Children,
    ) -> Result<Self, Error> {
        let programs = Package::Redis.ensure(may_install).await?;
        let program = programs
            .first()
            .ok_or_else(|| Error::Said("no Redis was found".to_owned()))?;
        let folder = data.path("redis");
        let spec = Spec {
            name: "redis",
            command: arguments(program, port, bus_port),
            folder: folder.clone(),
            log: data.log("redis"),
            user: None,
            grace: Duration::from_secs(5),
        };
        let redis = Self {
            server: Some(Server::new(spec, children)),
            address: format!("redis://{}", ports::loopback(port)),
            folder,
        };
        redis.restart().await?;
        Ok(redis)
    }

    /// Uses the cluster at `url`.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            server: None,
            address: url.to_owned(),
            folder: PathBuf::new(),
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until it serves every slot.
    ///
    /// # Errors
    /// When it ended or never comes that far.
    pub async fn ready(&self) -> Result<(), Error> {
        let until = Instant::now() + READY_WITHIN;
        loop {
            match (self.join().await, &self.server) {
                (Ok(true), _) => return Ok(()),
                (Err(error), None) => return Err(error),
                (_, Some(server)) => server.check().await?,
                (Ok(false), None) => {}
            }
            if Instant::now() > until {
                return Err(Error::NotReady {
                    name: "Redis",
                    seconds: READY_WITHIN.as_secs(),
                    log: self
                        .server
                        .as_ref()
                        .map(|it| it.log().to_path_buf())
                        .unwrap_or_default(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Forgets everything at once, as a cache may.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn flush(&self) -> Result<(), Error> {
        let mut connection = self.connect().await?;
        redis::cmd("FLUSHALL")
            .query_async(&mut connection)
            .await
            .map_err(Error::redis("flush"))
    }

    /// Ends it; what it knew is lost.
    pub async fn stop(&self) {
        if let Some(server) = &self.server {
            server.stop().await;
        }
    }

    /// Starts it again after [`Redis::stop`], empty, on the same port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn restart(&self) -> Result<(), Error> {
        let Some(server) = &self.server else {
            return Err(not_ours());
        };
        forget(&self.folder)?;
        server.start().await
    }

    /// Why it is not there any more.
    #[must_use]
    pub fn ended(&self) -> Error {
        self.server.as_ref().map_or_else(not_ours, Server::ended)
    }

    /// Gives a lone node all slots; whether the cluster is whole.
    async fn join(&self) -> Result<bool, Error> {
        let mut connection = self.connect().await?;
        let info: String = redis::cmd("CLUSTER")
            .arg("INFO")
            .query_async(&mut connection)
            .await
            .map_err(Error::redis("ask for the cluster"))?;
        if info.contains("cluster_slots_assigned:0") {
            redis::cmd("CLUSTER")
                .arg("ADDSLOTSRANGE")
                .arg(0)
                .arg(16_383)
                .query_async::<()>(&mut connection)
                .await
                .map_err(Error::redis("take the slots"))?;
        }
        Ok(info.contains("cluster_state:ok"))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, Error> {
        let client =
            redis::Client::open(self.address.as_str()).map_err(Error::redis("read the address"))?;
        client
            .get_multiplexed_async_connection()
            .await
            .map_err(Error::redis("connect"))
    }
}

fn not_ours() -> Error {
    Error::Said(
        "this Redis was given by MARU_REDIS_URL and is not ours to start or stop".to_owned(),
    )
}

/// The node file names the port of the last time; a lone node has nothing to remember.
fn forget(folder: &Path) -> Result<(), Error> {
    data::remove(folder)?;
    data::make_folder(folder)
}

fn arguments(program: &Path, port: u16, bus_port: u16) -> Vec<String> {
    let (port, bus_port) = (port.to_string(), bus_port.to_string());
    [
        &program.display().to_string(),
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus_port,
        "--cluster-announce-ip",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
        "--dir",
        ".",
    ]
    .map(str::to_owned)
    .to_vec()
}
