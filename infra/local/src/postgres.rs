//! The real Postgres: a private cluster of this stack's own, or a server that is already there.

mod cluster;
mod roles;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

pub use roles::Addresses;

use crate::children::{Children, Server};
use crate::data::Data;
use crate::install::Package;
use crate::{Error, ports};

/// Longest wait for a server that starts; recovery after a power cut takes a while.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks at a server that starts.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server with the roles and the database of the stack in it.
#[derive(Debug)]
pub struct Postgres {
    /// Ours to start and stop, or nobody's.
    server: Option<Server>,
    admin: Config,
    addresses: Addresses,
    version: String,
}

impl Postgres {
    /// Starts a private cluster on `port`, made when there is none.
    ///
    /// # Errors
    /// When the server is missing, of another version than the data, or does not start.
    pub async fn start(
        data: &Data,
        port: u16,
        may_install: bool,
        children: &Children,
    ) -> Result<Self, Error> {
        let programs = Package::Postgres.ensure(may_install).await?;
        let passwords = roles::Passwords::load(data)?;
        let (server, version) = cluster::start(data, port, programs, &passwords, children).await?;
        let admin = passwords.admin(port);
        wait_ready(&server, &admin).await?;
        let addresses = roles::prepare(&admin, &passwords).await?;
        Ok(Self {
            server: Some(server),
            admin,
            addresses,
            version,
        })
    }

    /// Uses the server at `url`, whose role may make roles and extensions, and prepares it.
    ///
    /// # Errors
    /// When it cannot be reached or prepared.
    pub async fn at(data: &Data, url: &str) -> Result<Self, Error> {
        let passwords = roles::Passwords::load(data)?;
        let admin: Config = url.parse().map_err(Error::sql("read MARU_POSTGRES_URL"))?;
        let addresses = roles::prepare(&admin, &passwords).await?;
        Ok(Self {
            server: None,
            admin,
            addresses,
            version: url_host(url),
        })
    }

    /// How the functions reach it.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What it is, for people.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Ends it in order: sessions are cut, everything is on disk.
    pub async fn stop(&self) {
        if let Some(server) = &self.server {
            server.stop().await;
        }
    }

    /// Starts it again after [`Postgres::stop`], on the same port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&self) -> Result<(), Error> {
        let Some(server) = &self.server else {
            return Err(not_ours());
        };
        server.start().await?;
        wait_ready(server, &self.admin).await
    }

    /// Why it is not there any more.
    #[must_use]
    pub fn ended(&self) -> Error {
        self.server.as_ref().map_or_else(not_ours, Server::ended)
    }
}

/// Removes the data of the cluster that belongs to the data folder `root`, wherever it was put.
///
/// # Errors
/// What the disk answers.
pub fn forget(root: &Path) -> Result<(), Error> {
    crate::data::remove(&cluster::elsewhere(root))
}

/// Connects and drives the connection in the background.
///
/// # Errors
/// When the server does not take us.
pub async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to Postgres ended");
        }
    });
    Ok(client)
}

async fn wait_ready(server: &Server, admin: &Config) -> Result<(), Error> {
    let until = Instant::now() + READY_WITHIN;
    while connect(admin).await.is_err() {
        server.check().await?;
        if Instant::now() > until {
            return Err(Error::NotReady {
                name: "Postgres",
                seconds: READY_WITHIN.as_secs(),
                log: PathBuf::from(server.log()),
            });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn not_ours() -> Error {
    Error::Said(
        "this Postgres was given by MARU_POSTGRES_URL and is not ours to start or stop".to_owned(),
    )
}

fn url_host(url: &str) -> String {
    let host = url.rsplit_once('@').map_or(url, |(_, host)| host);
    format!("the one at {}", host.split('?').next().unwrap_or(host))
}

fn loopback_config(port: u16) -> Config {
    let mut config = Config::new();
    config
        .host(ports::loopback(port).ip().to_string())
        .port(port)
        .connect_timeout(Duration::from_secs(3))
        .application_name("maru-local");
    config
}
