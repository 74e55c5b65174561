//! Who hears of what: sockets and people come and go.

use domain::{CompanyId, ConnectionId, RoomId, SessionId, UserId};
use futures_util::stream::{self, StreamExt};

use crate::index::Topic;
use crate::{Error, Live, Target};

/// Rooms whose index is written at once.
const AT_ONCE: usize = 64;
/// Tries to cut a person off; each waits for Redis as long as any command does.
const TRIES: usize = 3;

impl Live {
    /// Lets a connection hear of its person and of `rooms`, from now on.
    ///
    /// # Errors
    /// When Redis does not answer; the next ping tries again.
    pub async fn listen(
        &self,
        company: CompanyId,
        target: &Target,
        rooms: &[RoomId],
    ) -> Result<(), Error> {
        let one = std::slice::from_ref(target);
        let added: Vec<Result<(), Error>> = stream::iter(rooms)
            .map(|room| Topic::Room(company, *room).add(self.redis(), one, false))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        added.into_iter().collect::<Result<(), Error>>()?;
        // Last: whoever is listed here is listed everywhere.
        Topic::Person(target.user)
            .add(self.redis(), one, false)
            .await
    }

    /// Undoes [`Live::listen`] for a socket that was closed.
    ///
    /// # Errors
    /// When Redis does not answer; a push will find the socket gone.
    pub async fn unlisten(
        &self,
        company: CompanyId,
        user: UserId,
        id: &ConnectionId,
        rooms: &[RoomId],
    ) -> Result<(), Error> {
        Topic::Person(user).remove(self.redis(), id).await?;
        let removed: Vec<Result<(), Error>> = stream::iter(rooms)
            .map(|room| Topic::Room(company, *room).remove(self.redis(), id))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        removed.into_iter().collect()
    }

    /// Whether a connection is known where it has to be: written down, and [`Live::listen`] still holds. A flush undoes
    /// the one, a push that was told "gone" although it is there undoes the other.
    ///
    /// # Errors
    /// When a store does not answer and the other one knows the connection.
    pub async fn listens(&self, user: UserId, id: &ConnectionId) -> Result<bool, Error> {
        let (listed, kept) = tokio::join!(
            Topic::Person(user).knows(self.redis(), id),
            self.is_connected(user, id)
        );
        match (listed, kept) {
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(true), Ok(true)) => Ok(true),
        }
    }

    /// Lets `users` hear of `room` from now on. Call it after their membership is committed, before announcing that.
    pub async fn joined(&self, company: CompanyId, room: RoomId, users: &[UserId]) {
        let topic = Topic::Room(company, room);
        let done = async {
            let stored = self.connections(users).await?;
            let targets: Vec<Target> = stored.into_iter().map(|stored| stored.target).collect();
            topic.add(self.redis(), &targets, true).await
        };
        if let Err(error) = done.await {
            tracing::warn!(error = ?error, "new members hear of their room at their next ping");
        }
    }

    /// Stops `users` from hearing of `room`. Call it after their removal is committed, before announcing that.
    ///
    /// If Redis stays away, the gap that this leaves in the room's log makes the next announcer check
    /// who is a member.
    pub async fn left(&self, room: RoomId, users: &[UserId]) {
        // The company plays no part in where a room's index is.
        let topic = Topic::Room(CompanyId(uuid::Uuid::nil()), room);
        for _ in 0..TRIES {
            match topic.leave(self.redis(), users).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(error = ?error, "removed people are still indexed"),
            }
        }
    }

    /// Ends a person's sockets at once: all of them, or those of one session.
    ///
    /// # Errors
    /// When a store or the management API does not answer.
    pub async fn sign_out(&self, user: UserId, session: Option<SessionId>) -> Result<(), Error> {
        let stored = self.connections(&[user]).await?;
        let targets: Vec<Target> = stored
            .into_iter()
            .filter(|stored| session.is_none() || stored.session == session)
            .map(|stored| stored.target)
            .collect();
        for target in &targets {
            self.disconnected(user, &target.connection, Some(target.stamp))
                .await?;
        }
        self.dismiss(&targets, "{\"control\":\"signed_out\"}").await
    }

    /// The last seq announced of each room; none where that is not known (any more).
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn heads(
        &self,
        company: CompanyId,
        rooms: &[RoomId],
    ) -> Result<Vec<Option<i64>>, Error> {
        let heads: Vec<Result<Option<i64>, Error>> = stream::iter(rooms)
            .map(|room| Topic::Room(company, *room).head(self.redis()))
            .buffered(AT_ONCE)
            .collect()
            .await;
        heads.into_iter().collect()
    }
}
