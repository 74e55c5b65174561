//! Roles, database and extensions: what `infra/data.yaml` gives the functions when deployed.

use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Config};
use uuid::Uuid;

use crate::data::{self, Data};
use crate::{Error, postgres};

/// The database of the stack in its private cluster.
const DATABASE: &str = "maru";

/// Secrets of this data folder, made once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Passwords {
    /// Of the role `postgres` in the private cluster.
    pub superuser: String,
    /// Of `maru_owner`.
    pub owner: String,
    /// Of `maru_app`.
    pub app: String,
}

/// How to reach the database, passwords included.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// As the functions do.
    pub app: String,
    /// As the migrate function does.
    pub owner: String,
}

impl Passwords {
    /// Reads them, or makes them.
    pub(super) fn load(data: &Data) -> Result<Self, Error> {
        let path = data.path("passwords.json");
        if let Ok(text) = std::fs::read(&path) {
            return serde_json::from_slice(&text).map_err(|error| {
                Error::Said(format!("{} makes no sense: {error}", path.display()))
            });
        }
        let fresh = || Uuid::new_v4().simple().to_string();
        let made = Self {
            superuser: fresh(),
            owner: fresh(),
            app: fresh(),
        };
        let text = serde_json::to_vec_pretty(&made).unwrap_or_default();
        data::write_private(&path, &text)?;
        Ok(made)
    }

    /// As the superuser of the private cluster.
    pub(super) fn admin(&self, port: u16) -> Config {
        let mut config = postgres::loopback_config(port);
        config
            .user("postgres")
            .password(&self.superuser)
            .dbname("postgres");
        config
    }
}

/// Makes what is missing; a server already prepared only gets the passwords again.
pub(super) async fn prepare(admin: &Config, passwords: &Passwords) -> Result<(), Error> {
    let client = postgres::connect(admin)
        .await
        .map_err(Error::sql("connect"))?;
    role(&client, "maru_owner", &passwords.owner).await?;
    role(&client, "maru_app", &passwords.app).await?;
    client
        // The owner may make databases, as the master user of an RDS cluster may.
        .batch_execute(
            "alter role maru_app set statement_timeout = '5s';
             alter role maru_owner createdb",
        )
        .await
        .map_err(Error::sql("say what the roles may"))?;
    if name(admin) == DATABASE {
        database(&client).await?;
    }
    let mut inside = admin.clone();
    inside.dbname(name(admin));
    let inside = postgres::connect(&inside)
        .await
        .map_err(Error::sql("connect"))?;
    inside
        .batch_execute(
            "create extension if not exists pg_trgm;
             create extension if not exists btree_gin;
             grant create, usage on schema public to maru_owner",
        )
        .await
        .map_err(Error::sql("make the extensions"))
}

async fn role(client: &Client, name: &str, password: &str) -> Result<(), Error> {
    let known = client
        .query_opt("select 1 from pg_roles where rolname = $1", &[&name])
        .await
        .map_err(Error::sql("look for the roles"))?;
    let verb = if known.is_some() { "alter" } else { "create" };
    client
        .batch_execute(&format!("{verb} role {name} login password '{password}'"))
        .await
        .map_err(Error::sql("make the roles"))
}

async fn database(client: &Client) -> Result<(), Error> {
    let known = client
        .query_opt("select 1 from pg_database where datname = $1", &[&DATABASE])
        .await
        .map_err(Error::sql("look for the database"))?;
    if known.is_some() {
        return Ok(());
    }
    client
        .batch_execute(&format!("create database {DATABASE} owner maru_owner"))
        .await
        .map_err(Error::sql("make the database"))
}

/// The database of the stack on this server: the given one, unless that is the server's own.
fn name(admin: &Config) -> &str {
    admin
        .get_dbname()
        .filter(|given| *given != "postgres")
        .unwrap_or(DATABASE)
}

/// How the functions reach the database when [`prepare`] is done.
pub(super) fn addresses(admin: &Config, passwords: &Passwords, by: Option<u16>) -> Addresses {
    let database = name(admin);
    let host = match admin.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        _ => "127.0.0.1".to_owned(),
    };
    let own = admin.get_ports().first().copied().unwrap_or(5_432);
    let port = by.unwrap_or(own);
    let address = |role: &str, password: &str| {
        format!("postgres://{role}:{password}@{host}:{port}/{database}")
    };
    Addresses {
        app: address("maru_app", &passwords.app),
        owner: address("maru_owner", &passwords.owner),
    }
}
