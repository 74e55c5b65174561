//! The one connection of a function instance.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// Longest wait for a connection, dial and greeting together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Parameters with their types, so that no statement has to be prepared to learn them.
pub type Params<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Where a connection goes, as a token must name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The role.
    pub user: String,
}

/// Makes a fresh IAM token for one connection; local work, no call.
pub type TokenFn = Arc<dyn Fn(&Target) -> Result<String, String> + Send + Sync>;

/// How a connection proves who it is.
#[derive(Clone)]
pub enum Password {
    /// The one in the address, and nothing else.
    InAddress,
    /// A token, made anew for each connection, when the address holds no password.
    Token(TokenFn),
}

/// Postgres, as a function sees it. Cheap to clone; nothing is connected before first use.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    password: Password,
    slot: Mutex<Option<Arc<Client>>>,
}

/// A live connection: statements in flight keep it alive.
#[derive(Clone)]
pub struct Db(Arc<Client>);

impl Store {
    /// Reads the address (`postgres://…`); connects only when first used.
    ///
    /// # Errors
    /// [`Error::Config`] when the address is malformed.
    pub fn new(address: &str, password: Password) -> Result<Self, Error> {
        let mut config: Config = address.parse().map_err(Error::Config)?;
        config.connect_timeout(CONNECT_TIMEOUT);
        if config.get_application_name().is_none() {
            config.application_name("maru");
        }
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                password,
                slot: Mutex::new(None),
            }),
        })
    }

    /// The live connection, opened or reopened when there is none.
    ///
    /// A connection that died while the instance was frozen is noticed here, before anything is
    /// sent over it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server cannot be reached.
    pub async fn db(&self) -> Result<Db, Error> {
        // Lets the connection's own task see an end of stream that arrived meanwhile.
        tokio::task::yield_now().await;
        let mut slot = self.inner.slot.lock().await;
        if let Some(client) = slot.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Db(Arc::clone(client)));
        }
        let client = Arc::new(self.inner.connect().await?);
        *slot = Some(Arc::clone(&client));
        Ok(Db(client))
    }

    /// Whether the address holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.inner.config.get_password().is_some()
    }

    /// A connection of its own, for migrations.
    pub(crate) async fn connect(&self) -> Result<Client, Error> {
        self.inner.connect().await
    }

    /// Whether Postgres answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.db().await?.rows("select 1", &[]).await.map(drop)
    }
}

impl Db {
    /// Runs one unnamed statement in one round trip.
    ///
    /// # Errors
    /// [`Error::Statement`] when the server refuses it, [`Error::Unavailable`] when it is gone.
    pub async fn rows(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        Ok(self.0.query_typed(sql, params).await?)
    }

    /// As [`Db::rows`], for statements that answer at most one row.
    ///
    /// # Errors
    /// As [`Db::rows`].
    pub async fn row(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Several plain statements without parameters, `begin` and `commit` among them.
    ///
    /// # Errors
    /// As [`Db::rows`].
    pub async fn batch(&self, sql: &str) -> Result<(), Error> {
        Ok(self.0.batch_execute(sql).await?)
    }
}

/// Sends a transaction in one flight: `begin`, each `db.rows(…)` future in order, `commit`; one round trip.
///
/// The first statement takes the room's row lock; later ones therefore see everything that
/// committed before it. A failing statement turns the commit into a rollback, and its error is the answer.
/// Evaluates to `Result<(rows1, rows2, …), Error>`.
#[macro_export]
macro_rules! flight {
    ($db:expr, $($name:ident = $query:expr),+ $(,)?) => {{
        let db = &$db;
        let (begun, $($name,)+ done) =
            // The blocks keep parameters written in place alive until their statement is done.
            tokio::join!(db.batch("begin"), $(async { $query.await },)+ db.batch("commit"));
        async move {
            begun?;
            $(let $name = $name?;)+
            done?;
            Ok::<_, $crate::Error>(($($name,)+))
        }
        .await
    }};
}

impl Inner {
    async fn connect(&self) -> Result<Client, Error> {
        let mut config = self.config.clone();
        if let (Password::Token(make), None) = (&self.password, config.get_password()) {
            let token = make(&target(&config)).map_err(|why| Error::Unavailable(why.into()))?;
            config.password(token);
        }
        let connecting = async {
            if config.get_ssl_mode() == SslMode::Require {
                let (client, connection) = config.connect(tls()).await?;
                tokio::spawn(watch(connection));
                Ok::<_, tokio_postgres::Error>(client)
            } else {
                let (client, connection) = config.connect(NoTls).await?;
                tokio::spawn(watch(connection));
                Ok(client)
            }
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(client) => client.map_err(|error| Error::Unavailable(error.into())),
            Err(late) => Err(Error::Unavailable(late.into())),
        }
    }
}

fn target(config: &Config) -> Target {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        _ => String::new(),
    };
    Target {
        host,
        port: config.get_ports().first().copied().unwrap_or(5432),
        user: config.get_user().unwrap_or_default().to_owned(),
    }
}

/// Drives a connection until it ends; its statements get the error, so the log line is all that is left to do.
async fn watch<C>(connection: C)
where
    C: Future<Output = Result<(), tokio_postgres::Error>>,
{
    if let Err(error) = connection.await {
        tracing::warn!(%error, "the connection to Postgres ended");
    }
}

fn tls() -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    MakeRustlsConnect::new(config)
}
