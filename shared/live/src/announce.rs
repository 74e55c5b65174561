//! Announcing: the only way a change reaches sockets.
//!
//! One announcer works on a topic at a time. Others leave their events in its queue and go; they ride
//! in the next pass. So pushes keep the log's order, a busy room sends few frames for many
//! events, and an idle one waits for nobody.

use std::time::Duration;

use domain::{CompanyId, RoomId, UserId};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use wire::event::{Event, Fresh};

use crate::index::{Pass, Step, Topic};
use crate::{Error, Live, Target, frames};

/// How long an earlier event, committed but not yet queued, is waited for: this often, this long each.
const PATIENCE: u32 = 6;
const PAUSE: Duration = Duration::from_millis(5);
/// After this long an announcer lets the next one take over: nobody works for others for ever.
const TIRED: Duration = Duration::from_millis(400);
/// Ephemeral events are for small circles; above this many sockets they are shed.
const EPHEMERAL_MOST: usize = 256;

impl Live {
    /// Tells every socket of `room` of `events`, which have just been committed (or are ephemeral: no `seq`).
    ///
    /// Never fails: what a socket misses it finds by the room's log.
    pub async fn announce(&self, company: CompanyId, room: RoomId, events: &[Event]) {
        let topic = Topic::Room(company, room);
        let texts = Texts::of(topic, events.iter().map(Event::fresh));
        self.spread(topic, texts).await;
    }

    /// As [`Live::announce`], of one event whose data is not JSON yet.
    pub async fn announce_fresh<D: Serialize>(
        &self,
        company: CompanyId,
        room: RoomId,
        event: Fresh<'_, D>,
    ) {
        let topic = Topic::Room(company, room);
        self.spread(topic, Texts::of(topic, [event])).await;
    }

    /// Tells every device of one person: of their own log, of something ephemeral, or of a room's event
    /// that they would not hear otherwise (their removal).
    pub async fn tell(&self, company: CompanyId, user: UserId, events: &[Event]) {
        tracing::debug!(%company, %user, "telling a person");
        let topic = Topic::Person(user);
        let texts = Texts::of(topic, events.iter().map(Event::fresh));
        self.spread(topic, texts).await;
    }

    /// Shows something that is nobody's history (it has no `seq`) to the room and to every device of `user`, also where
    /// the room's circle is too large to be shown it; each socket hears it once.
    pub async fn show(&self, company: CompanyId, room: RoomId, user: UserId, events: &[Event]) {
        let (in_room, own) = (Topic::Room(company, room), Topic::Person(user));
        let (circle, devices) = tokio::join!(self.circle(in_room), self.circle(own));
        let mut targets = Vec::new();
        for found in [circle, devices] {
            match found {
                Ok(found) => targets.extend(found),
                Err(error) => tracing::debug!(error = ?error, "ephemeral events shed: no index"),
            }
        }
        let mut seen = std::collections::HashSet::new();
        targets.retain(|target: &Target| seen.insert(target.connection.clone()));
        let texts: Vec<String> = events.iter().map(frames::text).collect();
        let frames = frames::pack(texts.iter().map(String::as_str));
        self.deliver(in_room, &frames, &targets).await;
    }

    async fn spread(&self, topic: Topic, texts: Texts) {
        let Texts { logged, ephemeral } = texts;
        if !logged.is_empty() {
            let began = self.enter(topic, &logged).await;
            if let Err(error) = began {
                tracing::warn!(error = ?error, "announcing without the index");
                let texts: Vec<String> = logged.into_iter().map(|(_, text)| text).collect();
                self.without_index(topic, &texts).await;
            }
        }
        if !ephemeral.is_empty() {
            self.whisper(topic, &ephemeral).await;
        }
    }

    /// Queues, and works on the queue for as long as this call is the one to do it.
    async fn enter(&self, topic: Topic, events: &[(i64, String)]) -> Result<(), Error> {
        let remembered = self.memory().generation(topic);
        let mut step = topic.enter(self.redis(), &remembered, events).await?;
        let began = Instant::now();
        let mut patience = PATIENCE;
        loop {
            let token = match step {
                Step::Leave => return Ok(()),
                Step::Wait(token) => {
                    patience = patience.saturating_sub(1);
                    sleep(PAUSE).await;
                    token
                }
                Step::Push(pass) => {
                    patience = PATIENCE;
                    self.push_pass(topic, pass).await
                }
            };
            let remembered = self.memory().generation(topic);
            let tired = began.elapsed() > TIRED;
            step = topic
                .next(self.redis(), &token, patience > 0, tired, &remembered)
                .await
                .unwrap_or_else(|error| {
                    // The lock ends by itself, and the events that are still queued go with the next announcer.
                    tracing::warn!(error = ?error, "an announcer lost its room");
                    Step::Leave
                });
        }
    }

    async fn push_pass(&self, topic: Topic, pass: Pass) -> String {
        let Pass {
            token,
            events,
            generation,
            gap,
            index,
        } = pass;
        let index = self.memory().refresh(topic, &generation, index);
        let targets = if index.whole && !gap {
            index.targets.clone()
        } else {
            self.mend(topic, &generation, &index).await
        };
        self.deliver(
            topic,
            &frames::pack(events.iter().map(String::as_str)),
            &targets,
        )
        .await;
        token
    }

    /// Events of no order, beside the queue: a room's are shed when its circle is large or not known.
    async fn whisper(&self, topic: Topic, events: &[String]) {
        match self.circle(topic).await {
            Ok(targets) => {
                let frames = frames::pack(events.iter().map(String::as_str));
                self.deliver(topic, &frames, &targets).await;
            }
            Err(error) => tracing::debug!(error = ?error, "ephemeral events shed: no index"),
        }
    }

    /// Who hears of what has no order.
    async fn circle(&self, topic: Topic) -> Result<Vec<Target>, Error> {
        match (topic, topic.sockets(self.redis()).await) {
            (_, Ok(index)) if index.targets.len() > EPHEMERAL_MOST => Ok(Vec::new()),
            (Topic::Room(..), Ok(index)) => Ok(index.targets),
            (Topic::Person(_), Ok(index)) if index.whole => Ok(index.targets),
            (Topic::Person(_), Ok(_)) => {
                let generation = topic.generation(self.redis()).await?;
                self.build(topic, &generation).await
            }
            (Topic::Person(_), Err(_)) => self.truth(topic).await,
            (Topic::Room(..), Err(error)) => Err(error),
        }
    }

    /// Redis is away: who should hear is asked of Postgres and DynamoDB, and order is left to the readers.
    async fn without_index(&self, topic: Topic, events: &[String]) {
        match self.truth(topic).await {
            Ok(targets) => {
                let frames = frames::pack(events.iter().map(String::as_str));
                self.deliver(topic, &frames, &targets).await;
            }
            Err(error) => tracing::warn!(error = ?error, "events left to resume"),
        }
    }

    /// Makes a lost or doubtful index right again, and answers who should hear now.
    async fn mend(
        &self,
        topic: Topic,
        generation: &str,
        index: &crate::index::Index,
    ) -> Vec<Target> {
        let mended = if index.whole {
            self.check(topic, &index.targets).await
        } else {
            self.build(topic, generation).await
        };
        mended.unwrap_or_else(|error| {
            tracing::warn!(error = ?error, "the index of a room stays doubtful");
            index.targets.clone()
        })
    }

    /// Takes people out of a whole index who are no longer members: an earlier event, which this
    /// announcer did not see, may have removed them.
    async fn check(&self, topic: Topic, targets: &[Target]) -> Result<Vec<Target>, Error> {
        let (Topic::Room(company, room), Some(members)) = (topic, &self.settings().members) else {
            return Ok(targets.to_vec());
        };
        let members = members(company, room).await.map_err(Error::Members)?;
        let members: std::collections::HashSet<UserId> = members.into_iter().collect();
        let (right, wrong): (Vec<Target>, Vec<Target>) = targets
            .iter()
            .cloned()
            .partition(|target| members.contains(&target.user));
        if !wrong.is_empty() {
            topic.forget(self.redis(), &wrong).await?;
        }
        Ok(right)
    }

    /// Builds the index from the truth; tried again while people come and go meanwhile.
    async fn build(&self, topic: Topic, generation: &str) -> Result<Vec<Target>, Error> {
        let mut generation = generation.to_owned();
        for _ in 0..3 {
            let targets = self.truth(topic).await?;
            if topic.build(self.redis(), &generation, &targets).await? {
                return Ok(targets);
            }
            generation = topic.generation(self.redis()).await?;
        }
        self.truth(topic).await
    }

    /// Every connection that should hear of a topic, from the stores that do not forget.
    async fn truth(&self, topic: Topic) -> Result<Vec<Target>, Error> {
        let users = match (topic, &self.settings().members) {
            (Topic::Person(user), _) => vec![user],
            (Topic::Room(company, room), Some(members)) => {
                members(company, room).await.map_err(Error::Members)?
            }
            (Topic::Room(..), None) => return Err(Error::Setting("members")),
        };
        let stored = self.connections(&users).await?;
        Ok(stored.into_iter().map(|stored| stored.target).collect())
    }
}

/// Events as they travel: by their numbers in the topic's log, and those that have no place in it.
#[derive(Default)]
struct Texts {
    logged: Vec<(i64, String)>,
    ephemeral: Vec<String>,
}

impl Texts {
    fn of<'a, D: Serialize + 'a>(
        topic: Topic,
        events: impl IntoIterator<Item = Fresh<'a, D>>,
    ) -> Self {
        let mut texts = Self::default();
        for event in events {
            // A queue holds one log only: a room's numbers have no place in a person's.
            let own = matches!(topic, Topic::Room(..)) == event.room_id.is_some();
            match event.seq.filter(|_| own) {
                Some(seq) => texts.logged.push((seq, frames::text_of(&event))),
                None => texts.ephemeral.push(frames::text_of(&event)),
            }
        }
        texts
    }
}
