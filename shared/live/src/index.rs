//! The index in Redis: which sockets hear of a room or a person. It may vanish at any moment; each
//! entry says whose connection it is and when that registered, so that stale news changes nothing.

use domain::{CompanyId, ConnectionId, RoomId, UserId};
use redis::{FromRedisValue, Script, ScriptInvocation, Value};

use crate::{Error, Redis};

script! {
    ADD = "common" "add";
    LEAVE = "common" "leave";
    FORGET = "common" "forget";
    REMOVE = "common" "remove";
    BUILD = "common" "build";
    ENTER = "common" "pass" "enter";
    NEXT = "common" "pass" "next";
}

/// What sockets hear of: a room, or what concerns one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    Room(CompanyId, RoomId),
    Person(UserId),
}

/// One socket and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The connection.
    pub connection: ConnectionId,
    /// The person behind it.
    pub user: UserId,
    /// When it registered, in Unix milliseconds.
    pub stamp: i64,
}

/// What the one who works on a topic does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: it is done, or somebody else works here.
    Leave,
    /// Ask again in a moment: an earlier event is on its way.
    Wait(String),
    /// Push.
    Push(Pass),
}

/// Events to push, in order, and what is known of who should get them.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) token: String,
    pub(crate) events: Vec<String>,
    pub(crate) generation: String,
    /// Events before these were not announced: the index may be older than they are.
    pub(crate) gap: bool,
    /// The index, unless the remembered one is still right.
    pub(crate) index: Option<Index>,
}

/// The sockets of a topic.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) targets: Vec<Target>,
    /// False after a flush, until it was built from the truth.
    pub(crate) whole: bool,
}

impl Topic {
    /// The six keys of a topic, all in one slot.
    fn keys(self) -> [String; 6] {
        let tag = match self {
            Self::Room(_, room) => format!("{{r:{room}}}"),
            Self::Person(user) => format!("{{u:{user}}}"),
        };
        ["sockets", "queue", "lock", "head", "generation", "left"]
            .map(|key| [tag.as_str(), ":", key].concat())
    }

    fn invoke(self, script: &Script) -> ScriptInvocation<'_> {
        let mut invocation = script.prepare_invoke();
        for key in self.keys() {
            invocation.key(key);
        }
        invocation
    }

    /// Adds sockets; `joined` when their people have just become members.
    pub(crate) async fn add(
        self,
        redis: &Redis,
        targets: &[Target],
        joined: bool,
    ) -> Result<(), Error> {
        let mut invocation = self.invoke(&ADD);
        invocation.arg(i32::from(joined));
        push(&mut invocation, targets);
        redis.script(&invocation).await
    }

    /// Takes people out and keeps them out for a minute, whatever older readers of the truth add.
    pub(crate) async fn leave(self, redis: &Redis, users: &[UserId]) -> Result<(), Error> {
        let mut invocation = self.invoke(&LEAVE);
        for user in users {
            invocation.arg(user.to_string());
        }
        redis.script(&invocation).await
    }

    /// Takes sockets out that are gone, unless they registered anew meanwhile.
    pub(crate) async fn forget(self, redis: &Redis, targets: &[Target]) -> Result<(), Error> {
        let mut invocation = self.invoke(&FORGET);
        for target in targets {
            invocation
                .arg(&target.connection.0)
                .arg(format!("{} {}", target.user, target.stamp));
        }
        redis.script(&invocation).await
    }

    /// Takes out a socket that was closed.
    pub(crate) async fn remove(self, redis: &Redis, which: &ConnectionId) -> Result<(), Error> {
        let mut invocation = self.invoke(&REMOVE);
        invocation.arg(&which.0);
        redis.script(&invocation).await
    }

    /// Makes the index whole, if it is still of the generation that the builder started from.
    pub(crate) async fn build(
        self,
        redis: &Redis,
        generation: &str,
        targets: &[Target],
    ) -> Result<bool, Error> {
        let mut invocation = self.invoke(&BUILD);
        invocation.arg(generation);
        push(&mut invocation, targets);
        redis.script(&invocation).await
    }

    /// The generation of the index now; empty when there is none.
    pub(crate) async fn generation(self, redis: &Redis) -> Result<String, Error> {
        let generation: Option<String> =
            redis.query(redis::cmd("GET").arg(&self.keys()[4])).await?;
        Ok(generation.unwrap_or_default())
    }

    /// The sockets now, for what needs no order.
    pub(crate) async fn sockets(self, redis: &Redis) -> Result<Index, Error> {
        let fields: Vec<String> = redis
            .query(redis::cmd("HGETALL").arg(&self.keys()[0]))
            .await?;
        Ok(Index::read(&fields))
    }

    /// Whether the index knows a connection.
    pub(crate) async fn knows(self, redis: &Redis, which: &ConnectionId) -> Result<bool, Error> {
        redis
            .query(redis::cmd("HEXISTS").arg(&self.keys()[0]).arg(&which.0))
            .await
    }

    /// The last seq that was announced.
    pub(crate) async fn head(self, redis: &Redis) -> Result<Option<i64>, Error> {
        redis.query(redis::cmd("GET").arg(&self.keys()[3])).await
    }

    /// Queues events and begins to work on the topic, unless somebody does.
    pub(crate) async fn enter(
        self,
        redis: &Redis,
        remembered: &str,
        events: &[(i64, String)],
    ) -> Result<Step, Error> {
        let mut invocation = self.invoke(&ENTER);
        invocation.arg(remembered);
        for (seq, text) in events {
            invocation.arg(*seq).arg(text.as_str());
        }
        read(redis.script(&invocation).await?)
    }

    /// Goes on with the work.
    pub(crate) async fn next(
        self,
        redis: &Redis,
        token: &str,
        patient: bool,
        tired: bool,
        remembered: &str,
    ) -> Result<Step, Error> {
        let mut invocation = self.invoke(&NEXT);
        invocation
            .arg(token)
            .arg(i32::from(patient))
            .arg(i32::from(tired))
            .arg(remembered);
        read(redis.script(&invocation).await?)
    }
}

impl Index {
    fn read(fields: &[String]) -> Self {
        let mut index = Self::default();
        for pair in fields.chunks_exact(2) {
            if pair[0].is_empty() {
                index.whole = true;
            } else if let Some(target) = target(&pair[0], &pair[1]) {
                index.targets.push(target);
            }
        }
        index
    }
}

fn push(invocation: &mut ScriptInvocation<'_>, targets: &[Target]) {
    for target in targets {
        invocation
            .arg(&target.connection.0)
            .arg(target.user.to_string())
            .arg(target.stamp);
    }
}

fn target(connection: &str, value: &str) -> Option<Target> {
    let (user, stamp) = value.split_once(' ')?;
    Some(Target {
        connection: ConnectionId(connection.to_owned()),
        user: user.parse().ok()?,
        stamp: stamp.parse().ok()?,
    })
}

fn read(answer: Vec<Value>) -> Result<Step, Error> {
    let odd = || Error::Redis("a script answered something else".into());
    let mut parts = answer.into_iter();
    let mut next = || parts.next().ok_or_else(odd);
    match take::<i64>(next()?)? {
        0 => Ok(Step::Leave),
        1 => Ok(Step::Wait(take(next()?)?)),
        _ => Ok(Step::Push(Pass {
            token: take(next()?)?,
            events: take(next()?)?,
            generation: take(next()?)?,
            gap: take::<i64>(next()?)? == 1,
            index: take::<Option<Vec<String>>>(next()?)?.map(|fields| Index::read(&fields)),
        })),
    }
}

fn take<T: FromRedisValue>(value: Value) -> Result<T, Error> {
    T::from_redis_value(value).map_err(|error| Error::Redis(error.into()))
}
