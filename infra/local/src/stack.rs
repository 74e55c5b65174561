//! Everything together: started in parallel, ended in order.

use std::pin::pin;
use std::time::Instant;

use crate::children::Children;
use crate::data::{self, Data};
use crate::options::Up;
use crate::ports::{Ports, loopback};
use crate::postgres::{self, Postgres};
use crate::ready::Ready;
use crate::redis_server::Redis;
use crate::{Error, banner, say, signals};

/// A running stack; ended in order by [`Stack::stop`], and at once when dropped.
#[derive(Debug)]
pub struct Stack {
    ready: Ready,
    postgres: Postgres,
    redis: Redis,
    /// Keeps the folder ours.
    _data: Data,
}

/// `maru-local up`: starts everything, tells where it is, and ends it when asked to.
///
/// # Errors
/// Whatever keeps it from starting or going on; nothing is left running then.
pub async fn up(options: Up) -> Result<(), Error> {
    let (children, mut lost) = Children::new();
    let mut end = pin!(told_to_end(options.parent_pipe));
    let started = tokio::select! {
        started = Stack::start(&options, &children) => Some(started),
        () = end.as_mut() => None,
    };
    let outcome = match started {
        None => Ok(()),
        Some(Err(error)) => Err(error),
        Some(Ok(stack)) => {
            stack.tell(options.json);
            let outcome = tokio::select! {
                () = end => Ok(()),
                name = lost.recv() => Err(stack.lost(name)),
            };
            stack.stop().await;
            outcome
        }
    };
    children.ended().await;
    outcome
}

impl Stack {
    /// Starts every part; what can, at the same time.
    ///
    /// # Errors
    /// The first that fails.
    pub async fn start(options: &Up, children: &Children) -> Result<Self, Error> {
        let since = Instant::now();
        let template = options.template.clone().unwrap_or_else(data::template);
        let folder = data::folder(options.place.data.as_deref(), &template);
        say::note(format_args!("starting on {}", folder.display()));
        let data = Data::take(&folder, options.reset)?;
        let ports = Ports::choose(options.port)?;
        if data.is_new() {
            postgres::forget(data.root())?;
        }
        let (postgres, redis) = tokio::try_join!(
            start_postgres(options, &data, &ports, children),
            start_redis(options, &data, &ports, children),
        )?;
        let ready = describe(&data, &ports, &postgres, &redis);
        ready.keep()?;
        say::ready("ready", "", since);
        Ok(Self {
            ready,
            postgres,
            redis,
            _data: data,
        })
    }

    /// Ends every part in order, those that write last.
    pub async fn stop(self) {
        tokio::join!(self.postgres.stop(), self.redis.stop());
    }

    fn tell(&self, json: bool) {
        if json {
            say::answer(self.ready.line());
        } else {
            banner::print(&self.ready);
        }
    }

    fn lost(&self, name: Option<&'static str>) -> Error {
        match name {
            Some("redis") => self.redis.ended(),
            _ => self.postgres.ended(),
        }
    }
}

async fn start_postgres(
    options: &Up,
    data: &Data,
    ports: &Ports,
    children: &Children,
) -> Result<Postgres, Error> {
    let since = Instant::now();
    let postgres = match &options.postgres_url {
        Some(url) => Postgres::at(data, url).await?,
        None => Postgres::start(data, ports.postgres, !options.no_install, children).await?,
    };
    say::ready("Postgres", postgres.version(), since);
    Ok(postgres)
}

async fn start_redis(
    options: &Up,
    data: &Data,
    ports: &Ports,
    children: &Children,
) -> Result<Redis, Error> {
    let since = Instant::now();
    let redis = match &options.redis_url {
        Some(url) => Redis::at(url),
        None => {
            let may_install = !options.no_install;
            Redis::start(data, ports.redis, ports.redis_bus, may_install, children).await?
        }
    };
    redis.ready().await?;
    say::ready("Redis", redis.address(), since);
    Ok(redis)
}

fn describe(data: &Data, ports: &Ports, postgres: &Postgres, redis: &Redis) -> Ready {
    let http = |port: u16| format!("http://{}", loopback(port));
    let addresses = postgres.addresses();
    Ready {
        rest: http(ports.rest),
        socket: format!("ws://{}/live", loopback(ports.socket)),
        management: format!("{}/live", http(ports.management)),
        s3: http(ports.s3),
        dynamodb: http(ports.dynamodb),
        lambda: http(ports.lambda),
        control: http(ports.control),
        postgres: addresses.app.clone(),
        postgres_owner: addresses.owner.clone(),
        redis: redis.address().to_owned(),
        bucket: "maru-local-files".to_owned(),
        table: "maru-local".to_owned(),
        data: data.root().to_path_buf(),
        pid: std::process::id(),
        people: Vec::new(),
    }
}

async fn told_to_end(parent_pipe: bool) {
    let parent_gone = async {
        if parent_pipe {
            signals::input_ended().await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = signals::asked_to_end() => {}
        () = parent_gone => {}
    }
}
