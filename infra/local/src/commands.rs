//! The small sub-commands: what runs, and a way into its database.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::ready::Ready;
use crate::{Error, banner, say};

/// Tells whether a stack runs on `data`, and where.
///
/// # Errors
/// [`Error::NotRunning`].
pub fn status(data: &Path, json: bool) -> Result<(), Error> {
    let ready = Ready::running(data)?;
    if json {
        say::answer(ready.line());
    } else {
        say::answer(format_args!(
            "running as process {}\n{}",
            ready.pid,
            banner::addresses(&ready)
        ));
    }
    Ok(())
}

/// Becomes psql on the running stack's database, as its owner.
///
/// # Errors
/// [`Error::NotRunning`], or when there is no psql.
pub fn psql(data: &Path, args: &[String]) -> Result<(), Error> {
    let ready = Ready::running(data)?;
    let config: tokio_postgres::Config = ready
        .postgres_owner
        .parse()
        .map_err(Error::sql("read the address"))?;
    let (host, port) = match (config.get_hosts().first(), config.get_ports().first()) {
        (Some(tokio_postgres::config::Host::Tcp(host)), Some(port)) => (host.clone(), *port),
        _ => {
            return Err(Error::Said(
                "the stack has no address of Postgres".to_owned(),
            ));
        }
    };
    let password = config.get_password().unwrap_or_default();
    // The environment, because everybody can read a command line.
    let error = Command::new("psql")
        .args(args)
        .env("PGHOST", host)
        .env("PGPORT", port.to_string())
        .env("PGUSER", config.get_user().unwrap_or_default())
        .env("PGDATABASE", config.get_dbname().unwrap_or_default())
        .env("PGPASSWORD", String::from_utf8_lossy(password).into_owned())
        .exec();
    Err(Error::io("start psql (is it installed?)")(error))
}
