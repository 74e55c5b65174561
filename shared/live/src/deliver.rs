//! Delivering: from here to few, through the announce function to many.

use std::time::Duration;

use domain::ConnectionId;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

use crate::index::Topic;
use crate::push::{Effort, push};
use crate::sockets::Sockets;
use crate::{Egress, Error, Live, Pushed, Shard, Target};

/// Largest circle that is pushed to from here.
const FEW: usize = 128;
/// Connections of one invocation of the announce function.
const SHARD: usize = 1_000;
/// Largest payload of an asynchronous invocation, with room to spare.
const PAYLOAD: usize = 240 * 1024;
/// From here: somebody waits for the answer.
const HERE: Effort = Effort {
    at_once: 64,
    deadline: Duration::from_secs(2),
};
/// In the announce function: nobody waits.
const THERE: Effort = Effort {
    at_once: 256,
    deadline: Duration::from_secs(10),
};
/// Frames to one connection, such as an answer.
const ANSWER: Effort = Effort {
    at_once: 1,
    deadline: Duration::from_secs(2),
};

impl Live {
    /// Brings `frames` to `targets` as far as it can, and forgets who is gone.
    pub(crate) async fn deliver(&self, topic: Topic, frames: &[String], targets: &[Target]) {
        if frames.is_empty() || targets.is_empty() {
            return;
        }
        let settings = self.settings();
        let here = settings.egress == Egress::Nat && targets.len() <= FEW;
        let done = match (&settings.announce_function, here) {
            (Some(function), false) => self.hand_over(function, frames, targets).await,
            _ => self.push_here(topic, frames, targets).await,
        };
        if let Err(error) = done {
            tracing::warn!(error = ?error, count = targets.len(), "a push is left to resume");
        }
    }

    /// Hands `payload` to another function, which works on it by itself; Lambda has taken it when this answers.
    ///
    /// # Errors
    /// When Lambda does not take it.
    pub async fn delegate(&self, function: &str, payload: Vec<u8>) -> Result<(), Error> {
        self.invoker()
            .hand_over(self.now(), function, payload)
            .await
    }

    async fn push_here(
        &self,
        topic: Topic,
        frames: &[String],
        targets: &[Target],
    ) -> Result<(), Error> {
        let pushed = push(self.sockets()?, self.now(), frames, targets, HERE).await?;
        report(&pushed);
        if !pushed.gone.is_empty() {
            topic.forget(self.redis(), &pushed.gone).await?;
            self.bury(&pushed.gone).await;
        }
        Ok(())
    }

    async fn hand_over(
        &self,
        function: &str,
        frames: &[String],
        targets: &[Target],
    ) -> Result<(), Error> {
        // A shard's people take about 90 bytes each beside its frames.
        let mut calls = Vec::new();
        for frames in groups(frames, PAYLOAD - SHARD * 90) {
            for targets in targets.chunks(SHARD) {
                let shard = Shard::of(frames, targets);
                calls.push(async move { self.invoke(function, &shard).await });
            }
        }
        let failed = join_all(calls).await.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), Err)
    }

    /// The announce function's work: pushes a shard, forgets who is gone, and closes those it was the last word for.
    ///
    /// # Errors
    /// When nothing could be sent at all.
    pub async fn push_shard(&self, shard: &Shard) -> Result<Pushed, Error> {
        self.push_all(shard, THERE).await
    }

    async fn push_all(&self, shard: &Shard, effort: Effort) -> Result<Pushed, Error> {
        let targets = shard.targets();
        let pushed = push(self.sockets()?, self.now(), &shard.frames, &targets, effort).await?;
        report(&pushed);
        self.bury(&pushed.gone).await;
        if shard.closes {
            self.close_all(&targets).await?;
        }
        Ok(pushed)
    }

    /// Posts frames to one connection, in order; false when it is gone. Without a way out the announce function posts
    /// them, and nobody here hears whether it is.
    ///
    /// # Errors
    /// When they did not arrive in two seconds, or were not handed over.
    pub async fn post(&self, to: &ConnectionId, frames: &[String]) -> Result<bool, Error> {
        let targets = [alone(to)];
        if let Some(function) = self.detour() {
            self.hand_over(function, frames, &targets).await?;
            return Ok(true);
        }
        let pushed = push(self.sockets()?, self.now(), frames, &targets, ANSWER).await?;
        match (pushed.sent, pushed.missed) {
            (1, _) => Ok(true),
            (_, 0) => Ok(false),
            _ => Err(Error::Call("execute-api", "a post did not arrive".into())),
        }
    }

    /// Posts a last frame to a connection, then closes it.
    ///
    /// # Errors
    /// When it could not be closed.
    pub async fn part(&self, with: &ConnectionId, frame: &str) -> Result<(), Error> {
        self.dismiss(&[alone(with)], frame).await
    }

    /// Posts `frame` to each connection, then closes it: the last thing it hears. From here, or without a way out
    /// through the announce function.
    pub(crate) async fn dismiss(&self, targets: &[Target], frame: &str) -> Result<(), Error> {
        if targets.is_empty() {
            return Ok(());
        }
        let shard = Shard {
            closes: true,
            ..Shard::of(&[frame.to_owned()], targets)
        };
        match self.detour() {
            Some(function) => self.invoke(function, &shard).await,
            None => self.push_all(&shard, HERE).await.map(drop),
        }
    }

    /// The function that posts for this one, where this one has no way out.
    fn detour(&self) -> Option<&str> {
        let settings = self.settings();
        let function = settings.announce_function.as_deref();
        function.filter(|_| settings.egress == Egress::None)
    }

    /// Closes every one of them; one that cannot be closed does not keep the others open.
    async fn close_all(&self, targets: &[Target]) -> Result<(), Error> {
        let sockets = self.sockets()?;
        let moment = sockets.moment(self.now()).await?;
        let closing = targets
            .iter()
            .map(|target| sockets.close(&moment, &target.connection));
        let failed = join_all(closing).await.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), Err)
    }

    async fn invoke(&self, function: &str, shard: &Shard) -> Result<(), Error> {
        let payload =
            serde_json::to_vec(shard).map_err(|error| Error::Call("lambda", error.into()))?;
        let invoker = self.invoker();
        invoker.hand_over(self.now(), function, payload).await
    }

    /// Removes connections that are gone from DynamoDB; their lease would do it later.
    async fn bury(&self, gone: &[Target]) {
        stream::iter(gone)
            .for_each_concurrent(16, |target| async move {
                let buried = self
                    .disconnected(target.user, &target.connection, Some(target.stamp))
                    .await;
                if let Err(error) = buried {
                    tracing::debug!(error = ?error, "a gone connection is left to its lease");
                }
            })
            .await;
    }

    fn sockets(&self) -> Result<&Sockets, Error> {
        self.poster().ok_or(Error::Setting("MARU_SOCKETS_ENDPOINT"))
    }
}

/// A connection by itself, whoever has it.
fn alone(connection: &ConnectionId) -> Target {
    Target {
        connection: connection.clone(),
        user: domain::UserId(uuid::Uuid::nil()),
        stamp: 0,
    }
}

/// Runs of frames that together stay below `most` bytes; a frame alone always does.
fn groups(frames: &[String], most: usize) -> Vec<&[String]> {
    let mut groups = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, frame) in frames.iter().enumerate() {
        // Quotes and backslashes double when a frame travels inside JSON.
        let weight = frame.len() * 2;
        if at > start && size + weight > most {
            groups.push(&frames[start..at]);
            (start, size) = (at, 0);
        }
        size += weight;
    }
    if start < frames.len() {
        groups.push(&frames[start..]);
    }
    groups
}

fn report(pushed: &Pushed) {
    tracing::debug!(
        sent = pushed.sent,
        gone = pushed.gone.len(),
        missed = pushed.missed,
        "pushed"
    );
    if pushed.missed > 0 {
        tracing::warn!(missed = pushed.missed, "posts left to resume");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_order_and_lose_nothing() {
        let frames: Vec<String> = (0..10).map(|n| format!("{n}").repeat(20_000)).collect();
        let groups = groups(&frames, 100_000);
        assert!(groups.iter().all(|group| group.len() <= 2));
        assert_eq!(groups.concat(), frames);
    }
}
