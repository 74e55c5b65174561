//! Postgres and Redis, and what makes faults on the way to them.

use std::time::Instant;

use tokio::sync::Mutex;

use super::plan::Plan;
use crate::children::Children;
use crate::data::Data;
use crate::faults::{Target, TcpProxy, tcp_proxy};
use crate::options::Up;
use crate::ports::loopback;
use crate::postgres::{Addresses, Postgres};
use crate::redis_server::{Listens, Redis};
use crate::{Error, say};

/// The two real servers.
#[derive(Debug)]
pub struct Servers {
    /// The truth.
    pub postgres: Postgres,
    /// What may vanish.
    pub redis: Redis,
    /// The port by which functions reach Postgres, when it is not its own.
    detour: Option<u16>,
    proxies: Mutex<Vec<TcpProxy>>,
}

impl Servers {
    /// Decides which servers these are; nothing runs yet.
    ///
    /// # Errors
    /// When a given address is malformed, or the data folder cannot be written.
    pub(super) fn describe(
        options: &Up,
        data: &Data,
        plan: &Plan,
        children: &Children,
    ) -> Result<Self, Error> {
        let (ports, may_install) = (&plan.ports, !options.no_install);
        let postgres = match &options.postgres_url {
            Some(url) => Postgres::given(data, url)?,
            None => Postgres::private(data, ports.postgres, may_install, children)?,
        };
        let redis = match &options.redis_url {
            Some(url) => Redis::given(url),
            None => {
                let announced = if options.faults {
                    ports.redis_proxy
                } else {
                    ports.redis
                };
                let listens = Listens {
                    at: ports.redis,
                    announced,
                    bus: ports.redis_bus,
                };
                Redis::private(data, listens, may_install, children)
            }
        };
        let ours = options.postgres_url.is_none();
        Ok(Self {
            postgres,
            redis,
            detour: (options.faults && ours).then_some(ports.postgres_proxy),
            proxies: Mutex::default(),
        })
    }

    /// Starts both, and the detours to them when `faults` asks for it.
    ///
    /// # Errors
    /// The first that fails.
    pub(super) async fn start(&self, faults: bool, plan: &Plan) -> Result<(), Error> {
        if faults {
            let ports = &plan.ports;
            for (target, from, to) in [
                (Target::Postgres, ports.postgres_proxy, ports.postgres),
                (Target::Redis, ports.redis_proxy, ports.redis),
            ] {
                let proxy = tcp_proxy(target, loopback(from), loopback(to), plan.faults.clone());
                self.proxies.lock().await.push(proxy.await?);
            }
        }
        let since = Instant::now();
        let postgres = async {
            let which = self.postgres.start().await?;
            say::ready("Postgres", which, since);
            Ok::<_, Error>(())
        };
        let redis = async {
            self.redis.start().await?;
            say::ready("Redis", self.redis.address(), since);
            Ok(())
        };
        tokio::try_join!(postgres, redis)?;
        Ok(())
    }

    /// How functions reach Postgres.
    pub(super) fn for_functions(&self) -> Addresses {
        self.postgres.addresses(self.detour)
    }

    /// Ends both, at the same time.
    pub(super) async fn stop(&self) {
        for proxy in self.proxies.lock().await.drain(..) {
            proxy.stop().await;
        }
        tokio::join!(self.postgres.stop(), self.redis.stop());
    }

    /// Why the server `name` is not there any more.
    pub(super) fn lost(&self, name: Option<&'static str>) -> Error {
        match name {
            Some("redis") => self.redis.ended(),
            _ => self.postgres.ended(),
        }
    }
}
