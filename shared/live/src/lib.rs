//! Who is connected and how they hear of changes: connections, room index, limits, posts to sockets.
//!
//! Three stores, one rule each: connections are in DynamoDB (they survive a flush and end by their
//! lease), the index of a room's sockets is in Redis (it may vanish and is made anew), and what
//! people must never lose is in the room's log, which this crate does not know.

/// Names scripts of Redis, each made of files that stand in `scripts/`, and hashed once.
macro_rules! script {
    ($($name:ident = $($file:literal)+;)*) => {$(
        static $name: std::sync::LazyLock<redis::Script> = std::sync::LazyLock::new(|| {
            redis::Script::new(concat!($(include_str!(concat!("scripts/", $file, ".lua")), "\n"),+))
        });
    )*};
}

mod announce;
pub mod attempts;
mod cache;
mod client;
mod connections;
mod deliver;
mod error;
pub mod frames;
pub mod idempotency;
mod index;
mod invoke;
pub mod limits;
mod membership;
mod memory;
pub mod progress;
mod push;
mod sign;
mod sockets;
mod tickets;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use domain::{CompanyId, RoomId, UserId};
use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::invoke::Invoker;
use crate::memory::Memory;
use crate::sockets::Sockets;

pub use cache::{DEADLINE, Redis};
pub use connections::{Connection, LEASE, Stored};
pub use error::{Error, Source};
pub use index::Target;
pub use push::{Pushed, Shard};
pub use tickets::Ticket;

/// Longest wait for one try of a call to DynamoDB, and for all its tries.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether a function can reach the management API itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Egress {
    /// It can: small rooms are pushed to from here.
    #[default]
    Nat,
    /// It cannot: every push goes through the announce function.
    None,
}

/// Reads who is in a room, afresh: the caller's bridge to the truth, used when the index was lost
/// or may be stale.
pub type Members =
    Arc<dyn Fn(CompanyId, RoomId) -> BoxFuture<'static, Result<Vec<UserId>, Source>> + Send + Sync>;

/// Where everything is.
#[derive(Clone)]
pub struct Settings {
    /// `redis://host:port` of any node of the cluster.
    pub redis_url: String,
    /// The DynamoDB table.
    pub table: String,
    /// Region, credentials, and perhaps DynamoDB's endpoint.
    pub aws: SdkConfig,
    /// The base of `@connections`: `https://host/stage`. None for functions that push nothing.
    pub sockets_endpoint: Option<String>,
    /// Lambda's endpoint, when it is not the region's own.
    pub lambda_endpoint: Option<String>,
    /// The function that pushes to large rooms. None for functions that push nothing.
    pub announce_function: Option<String>,
    /// Whether small rooms are pushed to from here.
    pub egress: Egress,
    /// The clock that signatures and leases go by.
    pub clock: fn() -> OffsetDateTime,
    /// Who is in a room. Without it a lost index stays lost until clients ping.
    pub members: Option<Members>,
}

/// Redis, DynamoDB and the sockets, as a function sees them. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

/// Made at first use: an SDK's client reads the machine's whole trust store, which would be most of a cold start.
type Lazy<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send + Sync>>;

struct Inner {
    settings: Settings,
    redis: Redis,
    dynamo: Lazy<aws_sdk_dynamodb::Client>,
    sockets: Option<Sockets>,
    invoker: Invoker,
    memory: Memory,
}

impl Live {
    /// Connects nothing: the first call that needs a store opens it.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let redis = Redis::new(&settings.redis_url);
        let aws = settings.aws.clone();
        let dynamo: Lazy<_> = LazyLock::new(Box::new(move || dynamo(&aws)));
        let sockets = settings
            .sockets_endpoint
            .as_deref()
            .and_then(|endpoint| Sockets::new(&settings.aws, endpoint).ok());
        let invoker = Invoker::new(&settings.aws, settings.lambda_endpoint.as_deref());
        Self {
            inner: Arc::new(Inner {
                settings,
                redis,
                dynamo,
                sockets,
                invoker,
                memory: Memory::default(),
            }),
        }
    }

    /// Redis, for what else is kept there.
    #[must_use]
    pub fn redis(&self) -> &Redis {
        &self.inner.redis
    }

    /// DynamoDB, for what else is kept there.
    #[must_use]
    pub fn dynamo(&self) -> &aws_sdk_dynamodb::Client {
        &self.inner.dynamo
    }

    /// The one DynamoDB table.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.inner.settings.table
    }

    /// Whether DynamoDB answers and the table is there.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping_table(&self) -> Result<(), Error> {
        let nobody = || AttributeValue::S("ping".to_owned());
        let asked = self.dynamo().get_item().table_name(self.table());
        asked
            .key("pk", nobody())
            .key("sk", nobody())
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::dynamo(error.into_service_error()))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.inner.settings.clock)()
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.inner.memory
    }

    pub(crate) fn invoker(&self) -> &Invoker {
        &self.inner.invoker
    }

    pub(crate) fn poster(&self) -> Option<&Sockets> {
        self.inner.sockets.as_ref()
    }
}

fn dynamo(aws: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let patience = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let settings = aws_sdk_dynamodb::config::Builder::from(aws)
        .timeout_config(patience)
        .build();
    aws_sdk_dynamodb::Client::from_conf(settings)
}
