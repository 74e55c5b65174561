//! The real Postgres: a private cluster of this stack's own, or a server that is already there.

mod cluster;
mod roles;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Config, NoTls};

pub use roles::Addresses;
use roles::Passwords;

use crate::children::{Children, Server};
use crate::data::Data;
use crate::install::Package;
use crate::{Error, ports};

/// Longest wait for a server that starts; recovery after a power cut takes a while.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Between two looks at a server that starts.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server that has, once started, the roles and the database of the stack in it.
#[derive(Debug)]
pub struct Postgres {
    ours: Option<Ours>,
    admin: Config,
    passwords: Passwords,
}

/// A private cluster, ours to start and stop.
#[derive(Debug)]
struct Ours {
    data: PathBuf,
    log: PathBuf,
    port: u16,
    may_install: bool,
    children: Children,
    server: OnceCell<Server>,
}

impl Postgres {
    /// A private cluster on `port`; nothing runs yet.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn private(
        data: &Data,
        port: u16,
        may_install: bool,
        children: &Children,
    ) -> Result<Self, Error> {
        let passwords = Passwords::load(data)?;
        let admin = passwords.admin(port);
        let ours = Ours {
            data: data.root().to_path_buf(),
            log: data.log("postgres"),
            port,
            may_install,
            children: children.clone(),
            server: OnceCell::new(),
        };
        Ok(Self {
            ours: Some(ours),
            admin,
            passwords,
        })
    }

    /// The server at `url`, whose role may make roles and extensions.
    ///
    /// # Errors
    /// When the address is malformed or the data folder cannot be written.
    pub fn given(data: &Data, url: &str) -> Result<Self, Error> {
        Ok(Self {
            ours: None,
            admin: url.parse().map_err(Error::sql("read MARU_POSTGRES_URL"))?,
            passwords: Passwords::load(data)?,
        })
    }

    /// Starts it, makes what is missing in it, and answers which server it is.
    ///
    /// # Errors
    /// When the server is missing, of another version than the data, or does not start.
    pub async fn start(&self) -> Result<String, Error> {
        let which = match &self.ours {
            None => "the one of MARU_POSTGRES_URL".to_owned(),
            Some(ours) => {
                let programs = Package::Postgres.ensure(ours.may_install).await?;
                let (spec, version) = cluster::prepare(ours, programs, &self.passwords).await?;
                let server = Server::new(spec, &ours.children);
                let server = ours.server.get_or_init(|| async { server }).await;
                server.start().await?;
                wait_ready(server, &self.admin).await?;
                format!("{version} on 127.0.0.1:{}", ours.port)
            }
        };
        roles::prepare(&self.admin, &self.passwords).await?;
        Ok(which)
    }

    /// How the functions reach it: directly, or by another port that leads to it.
    #[must_use]
    pub fn addresses(&self, by: Option<u16>) -> Addresses {
        roles::addresses(&self.admin, &self.passwords, by)
    }

    /// Ends it in order: sessions are cut, everything is on disk.
    pub async fn stop(&self) {
        if let Some(server) = self.server() {
            server.stop().await;
        }
    }

    /// Starts it again after [`Postgres::stop`], on the same port.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&self) -> Result<(), Error> {
        let server = self.server().ok_or_else(not_ours)?;
        server.start().await?;
        wait_ready(server, &self.admin).await
    }

    /// Why it is not there any more.
    #[must_use]
    pub fn ended(&self) -> Error {
        self.server().map_or_else(not_ours, Server::ended)
    }

    fn server(&self) -> Option<&Server> {
        self.ours.as_ref()?.server.get()
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

fn loopback_config(port: u16) -> Config {
    let mut config = Config::new();
    config
        .host(ports::loopback(port).ip().to_string())
        .port(port)
        .connect_timeout(Duration::from_secs(3))
        .application_name("maru-local");
    config
}
