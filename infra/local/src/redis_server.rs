//! The real Redis (or Valkey), one node in cluster mode as ElastiCache Serverless is; nothing is kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tokio::sync::OnceCell;

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
    ours: Option<Ours>,
    /// For us.
    direct: String,
    /// For the functions.
    address: String,
}

/// The ports of a private server.
#[derive(Debug, Clone, Copy)]
pub struct Listens {
    /// Where it listens.
    pub at: u16,
    /// Where it tells its clients to go: the same, or what leads to it.
    pub announced: u16,
    /// Where it would talk to the rest of its cluster.
    pub bus: u16,
}

/// A private server, ours to start and stop.
#[derive(Debug)]
struct Ours {
    folder: PathBuf,
    log: PathBuf,
    listens: Listens,
    may_install: bool,
    children: Children,
    server: OnceCell<Server>,
}

impl Redis {
    /// A private one; nothing runs yet.
    #[must_use]
    pub fn private(data: &Data, listens: Listens, may_install: bool, children: &Children) -> Self {
        let ours = Ours {
            folder: data.path("redis"),
            log: data.log("redis"),
            listens,
            may_install,
            children: children.clone(),
            server: OnceCell::new(),
        };
        Self {
            ours: Some(ours),
            direct: format!("redis://{}", ports::loopback(listens.at)),
            address: format!("redis://{}", ports::loopback(listens.announced)),
        }
    }

    /// The cluster at `url`.
    #[must_use]
    pub fn given(url: &str) -> Self {
        Self {
            ours: None,
            direct: url.to_owned(),
            address: url.to_owned(),
        }
    }

    /// Starts it, empty, and waits until it serves every slot.
    ///
    /// # Errors
    /// When it is missing or does not come that far.
    pub async fn start(&self) -> Result<(), Error> {
        if let Some(ours) = &self.ours {
            let programs = Package::Redis.ensure(ours.may_install).await?;
            let spec = ours.spec(&programs);
            let server = Server::new(spec, &ours.children);
            ours.server.get_or_init(|| async { server }).await;
            return self.restart().await;
        }
        self.ready().await
    }

    /// How the functions reach it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
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
        if let Some(server) = self.server() {
            server.stop().await;
        }
    }

    /// Starts it again after [`Redis::stop`], empty, on the same port.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn restart(&self) -> Result<(), Error> {
        let (Some(ours), Some(server)) = (&self.ours, self.server()) else {
            return Err(not_ours());
        };
        if server.check().await.is_err() {
            forget(&ours.folder)?;
        }
        server.start().await?;
        self.ready().await
    }

    /// Why it is not there any more.
    #[must_use]
    pub fn ended(&self) -> Error {
        self.server().map_or_else(not_ours, Server::ended)
    }

    fn server(&self) -> Option<&Server> {
        self.ours.as_ref()?.server.get()
    }

    async fn ready(&self) -> Result<(), Error> {
        let until = Instant::now() + READY_WITHIN;
        loop {
            match (self.join().await, self.server()) {
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
                        .server()
                        .map(|it| it.log().to_path_buf())
                        .unwrap_or_default(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
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
            redis::Client::open(self.direct.as_str()).map_err(Error::redis("read the address"))?;
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

impl Ours {
    fn spec(&self, programs: &[PathBuf]) -> Spec {
        let program = programs
            .first()
            .map_or_else(|| Path::new("redis-server"), PathBuf::as_path);
        Spec {
            name: "redis",
            command: arguments(program, self.listens),
            folder: self.folder.clone(),
            log: self.log.clone(),
            user: None,
            grace: Duration::from_secs(5),
        }
    }
}

fn arguments(program: &Path, listens: Listens) -> Vec<String> {
    let Listens { at, announced, bus } = listens;
    let (port, announced, bus_port) = (at.to_string(), announced.to_string(), bus.to_string());
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
        "--cluster-announce-port",
        &announced,
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
