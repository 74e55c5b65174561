//! Who listens where, and what the parts are told about each other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::{Servers, Stores};
use crate::Error;
use crate::data::Data;
use crate::faults::Faults;
use crate::gateway::{self, Gateway};
use crate::lambda::{self, Lambda, NoStart};
use crate::options::Up;
use crate::ports::{Ports, loopback};
use crate::ready::Ready;
use crate::template::Template;

/// Pages that may call us from a browser besides our own: where front ends under development live.
const ORIGINS: [&str; 4] = [
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "http://localhost:5173",
    "http://127.0.0.1:5173",
];

/// Instances of one function at once; a laptop has no more to give.
const CONCURRENCY: usize = 20;

/// What is decided before anything starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) ports: Ports,
    pub(crate) faults: Faults,
    rest: String,
    socket: String,
    management: String,
    /// Its listener is taken already, so that nobody else takes the port.
    gateway: Mutex<Option<gateway::Options>>,
}

impl Plan {
    /// Takes the ports.
    ///
    /// # Errors
    /// [`Error::PortTaken`].
    pub(super) fn make(options: &Up) -> Result<Self, Error> {
        let ports = Ports::choose(options.port)?;
        let mut gateway = gateway::Options::bind(loopback(ports.rest))
            .map_err(|_| Error::PortTaken(ports.rest))?;
        let faults = Faults::default();
        gateway.idle = Duration::from_secs(options.socket_idle_s);
        gateway.max_age = Duration::from_secs(options.socket_age_s);
        gateway.faults = faults.clone();
        Ok(Self {
            ports,
            faults,
            rest: gateway.rest_url(),
            socket: gateway.socket_url(),
            management: gateway.management_url(),
            gateway: Mutex::new(Some(gateway)),
        })
    }

    /// Where the control endpoint listens.
    pub(super) fn control(&self) -> SocketAddr {
        loopback(self.ports.control)
    }

    /// Where the pages for a browser are served.
    pub(super) fn pages(&self) -> SocketAddr {
        loopback(self.ports.pages)
    }

    /// The template with our addresses in it.
    ///
    /// # Errors
    /// When it says something that has no local meaning.
    pub(super) fn template(
        &self,
        options: &Up,
        path: &Path,
        servers: &Servers,
    ) -> Result<Template, Error> {
        let addresses = servers.for_functions();
        let port = self.ports.pages;
        let pages = ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}"));
        let origins = [ORIGINS.as_slice(), &[&pages[0], &pages[1]]].concat();
        let mut values: BTreeMap<String, String> = [
            ("Data.Outputs.PostgresUrl", addresses.app),
            ("Data.Outputs.PostgresOwnerUrl", addresses.owner),
            // The password is in the address.
            ("Data.Outputs.PostgresOwnerSecret", String::new()),
            ("Data.Outputs.RedisUrl", servers.redis.address().to_owned()),
            ("ManagementEndpoint", self.management.clone()),
            ("AllowedOrigins", origins.join(",")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        values.extend(options.set.iter().cloned());
        Template::read(path, &values).map_err(|error| Error::Said(error.to_string()))
    }

    /// Starts Lambda: from here on functions can be called.
    ///
    /// # Errors
    /// When it cannot listen.
    pub(super) async fn lambda(
        &self,
        options: &Up,
        data: &Data,
        template: &Template,
        stores: &Stores,
        troubles: UnboundedSender<NoStart>,
    ) -> Result<Lambda, Error> {
        let options = lambda::Options {
            binaries: options.binaries.clone(),
            environment: stores.environment(),
            logs: data.path("logs"),
            port: self.ports.lambda,
            concurrency: CONCURRENCY.max(options.keep_warm),
            keep_warm: options.keep_warm,
            faults: self.faults.clone(),
            troubles: Some(troubles),
            ..lambda::Options::default()
        };
        let lambda = Lambda::start(options, template.functions.clone()).await?;
        let killed = lambda.clone();
        self.faults.on_kill(move |function| killed.kill(function));
        Ok(lambda)
    }

    /// Lets the gateway answer.
    ///
    /// # Errors
    /// When the template's stage is not ours.
    pub(super) async fn gateway(
        &self,
        template: &Template,
        lambda: &Lambda,
    ) -> Result<Gateway, Error> {
        let options = self
            .gateway
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
            .ok_or_else(|| Error::Said("the gateway was started before".to_owned()))?;
        Ok(Gateway::start(options, template, lambda.clone()).await?)
    }

    /// What there is to tell; the people are still to come.
    pub(super) fn ready(
        &self,
        data: &Data,
        template: &Template,
        servers: &Servers,
        stores: &Stores,
        lambda: &Lambda,
    ) -> Ready {
        let direct = servers.postgres.addresses(None);
        let bucket = template.buckets.first().map(|bucket| bucket.name.clone());
        let table = template.tables.first().map(|table| table.name.clone());
        Ready {
            rest: self.rest.clone(),
            socket: self.socket.clone(),
            management: self.management.clone(),
            pages: format!("http://{}", self.pages()),
            s3: stores.s3.url(),
            dynamodb: stores.dynamodb.url(),
            lambda: lambda.endpoint(),
            control: format!("http://{}", self.control()),
            postgres: direct.app,
            postgres_owner: direct.owner,
            redis: servers.redis.address().to_owned(),
            bucket: bucket.unwrap_or_default(),
            table: table.unwrap_or_default(),
            data: data.root().to_path_buf(),
            pid: std::process::id(),
            people: Vec::new(),
        }
    }
}
