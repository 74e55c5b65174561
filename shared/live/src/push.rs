//! Pushing frames to many connections at once.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::sign::Moment;
use crate::sockets::{Frame, Posted, Sockets};
use crate::{Error, Target};

/// First pause before a post is tried again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// How hard to push.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Posts in flight at once.
    pub(crate) at_once: usize,
    /// When what has not arrived is left to resume.
    pub(crate) deadline: Duration,
}

/// What a push came to.
#[derive(Debug, Default)]
pub struct Pushed {
    /// How many have every frame.
    pub sent: usize,
    /// Connections that are no more.
    pub gone: Vec<Target>,
    /// How many will have to catch up by themselves.
    pub missed: usize,
}

/// A share of a large room, and what to tell it: the payload of the announce function.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shard {
    /// Frames, in order.
    pub frames: Vec<String>,
    /// Connections, by person: `{user: [[connection, stamp], …]}`.
    pub to: HashMap<domain::UserId, Vec<(domain::ConnectionId, i64)>>,
    /// Whether these frames are the last that they hear: they are closed then.
    #[serde(default)]
    pub closes: bool,
}

impl Shard {
    /// A share for `targets`.
    #[must_use]
    pub fn of(frames: &[String], targets: &[Target]) -> Self {
        let mut to: HashMap<_, Vec<_>> = HashMap::new();
        for target in targets {
            to.entry(target.user)
                .or_default()
                .push((target.connection.clone(), target.stamp));
        }
        Self {
            frames: frames.to_vec(),
            to,
            closes: false,
        }
    }

    /// Everyone in it.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        self.to
            .iter()
            .flat_map(|(user, connections)| {
                connections.iter().map(|(connection, stamp)| Target {
                    connection: connection.clone(),
                    user: *user,
                    stamp: *stamp,
                })
            })
            .collect()
    }
}

/// Posts `frames`, in order, to each of `targets`.
pub(crate) async fn push(
    sockets: &Sockets,
    now: OffsetDateTime,
    frames: &[String],
    targets: &[Target],
    effort: Effort,
) -> Result<Pushed, Error> {
    let moment = sockets.moment(now).await?;
    let frames: Vec<Frame> = frames.iter().cloned().map(Frame::new).collect();
    let deadline = Instant::now() + effort.deadline;
    let mut pushed = Pushed::default();
    // Collected first: the compiler cannot see that a stream over this closure may change threads.
    let posts: Vec<_> = targets
        .iter()
        .map(|target| {
            let (moment, frames) = (&moment, &frames);
            async move { (target, all(sockets, moment, frames, target, deadline).await) }
        })
        .collect();
    let mut posts = stream::iter(posts).buffer_unordered(effort.at_once);
    while let Some((target, outcome)) = posts.next().await {
        match outcome {
            Posted::Sent => pushed.sent += 1,
            Posted::Gone => pushed.gone.push(target.clone()),
            Posted::Later | Posted::Refused => pushed.missed += 1,
        }
    }
    Ok(pushed)
}

/// Every frame to one connection; a post that may succeed later is tried again until the deadline.
async fn all(
    sockets: &Sockets,
    moment: &Moment,
    frames: &[Frame],
    target: &Target,
    deadline: Instant,
) -> Posted {
    for frame in frames {
        let mut pause = FIRST_PAUSE;
        loop {
            match sockets.post(moment, &target.connection, frame).await {
                Posted::Sent => break,
                Posted::Later => {}
                ended => return ended,
            }
            let wait = pause + jitter(target, pause);
            if Instant::now() + wait >= deadline {
                return Posted::Later;
            }
            sleep(wait).await;
            pause *= 2;
        }
    }
    Posted::Sent
}

/// Spreads retries of many connections evenly over one more pause, without asking for randomness.
fn jitter(target: &Target, pause: Duration) -> Duration {
    let mixed = target
        .connection
        .0
        .bytes()
        .fold(2_166_136_261_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
        });
    pause.mul_f64(f64::from(mixed >> 16) / 65_536.0)
}
