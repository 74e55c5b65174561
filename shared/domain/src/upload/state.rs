//! The states of an upload session and the only arrows between them.

/// Where a session stands. A step consumes it and gives the next one, or says that there is no such arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Quota is reserved; it waits in its batch for a place, and S3 knows nothing of it yet.
    Pending,
    /// S3 takes its parts.
    InProgress,
    /// All parts are there and S3 was asked to join them. Whoever finds it here finishes it.
    Completing,
    /// The file exists.
    Completed,
    /// S3 lost it or holds something else than was planned.
    Failed,
    /// The uploader gave it up.
    Cancelled,
    /// Nothing happened for too long.
    Expired,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// S3 began a multipart upload for it, and it has a place among those that send.
    Start,
    /// Its content is there already, in a file that the person can read: it becomes a file without a byte.
    Adopt,
    /// Every part is there: S3 is asked to join them. May be taken again.
    Join,
    /// The object was verified and became a file.
    Complete,
    /// It cannot succeed any more.
    Fail,
    /// The uploader gives it up.
    Cancel,
    /// Its time is over.
    Expire,
}

/// There is no arrow for this step from this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an upload that is {} cannot {}", from.as_str(), step.as_str())]
pub struct NoSuchArrow {
    /// Where the session stands.
    pub from: State,
    /// What was asked of it.
    pub step: Step,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::InProgress,
        Self::Completing,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Its name in answers and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completing => "completing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it still holds quota and may still become a file.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress | Self::Completing)
    }

    /// The state after `step`.
    ///
    /// # Errors
    /// [`NoSuchArrow`].
    pub fn take(self, step: Step) -> Result<Self, NoSuchArrow> {
        match (self, step) {
            (Self::Pending | Self::InProgress, Step::Start) => Ok(Self::InProgress),
            (Self::Pending, Step::Adopt) | (Self::Completing, Step::Complete) => {
                Ok(Self::Completed)
            }
            (Self::InProgress | Self::Completing, Step::Join) => Ok(Self::Completing),
            (from, Step::Fail) if from.is_open() => Ok(Self::Failed),
            (from, Step::Cancel) if from.is_open() => Ok(Self::Cancelled),
            (from, Step::Expire) if from.is_open() => Ok(Self::Expired),
            (from, step) => Err(NoSuchArrow { from, step }),
        }
    }
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Start,
        Self::Adopt,
        Self::Join,
        Self::Complete,
        Self::Fail,
        Self::Cancel,
        Self::Expire,
    ];

    /// What the audit log calls it once it is taken.
    #[must_use]
    pub fn audited(self) -> &'static str {
        match self {
            Self::Start => "upload.started",
            Self::Adopt => "upload.adopted",
            Self::Join => "upload.joined",
            Self::Complete => "upload.completed",
            Self::Fail => "upload.failed",
            Self::Cancel => "upload.cancelled",
            Self::Expire => "upload.expired",
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Adopt => "adopt",
            Self::Join => "join",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
        }
    }

    /// The states that have an arrow for this step, by name: what a statement that takes it may find.
    #[must_use]
    pub fn sources(self) -> Vec<&'static str> {
        State::ALL
            .into_iter()
            .filter(|state| state.take(self).is_ok())
            .map(State::as_str)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sources_are_the_table_read_backwards() {
        assert_eq!(Step::Start.sources(), ["pending", "in_progress"]);
        assert_eq!(Step::Adopt.sources(), ["pending"]);
        assert_eq!(Step::Join.sources(), ["in_progress", "completing"]);
        assert_eq!(Step::Complete.sources(), ["completing"]);
        for step in [Step::Fail, Step::Cancel, Step::Expire] {
            assert_eq!(step.sources(), ["pending", "in_progress", "completing"]);
        }
    }

    proptest! {
        /// The model: a session is the set of what has happened to it so far.
        #[test]
        fn r_u2_no_way_around_the_arrows(
            steps in proptest::collection::vec(proptest::sample::select(&Step::ALL[..]), 0..40),
        ) {
            let mut state = State::Pending;
            let (mut started, mut joined, mut ended) = (false, false, None);
            for step in steps {
                let allowed = ended.is_none() && match step {
                    Step::Start => !joined,
                    Step::Adopt => !started && !joined,
                    Step::Join => started,
                    Step::Complete => joined,
                    Step::Fail | Step::Cancel | Step::Expire => true,
                };
                let next = state.take(step);
                prop_assert_eq!(next.is_ok(), allowed, "{:?} {:?}", state, step);
                let Ok(next) = next else { continue };
                state = next;
                match step {
                    Step::Start => started = true,
                    Step::Join => joined = true,
                    _ => ended = Some(step),
                }
                prop_assert_eq!(state.is_open(), ended.is_none());
                let made = matches!(ended, Some(Step::Complete | Step::Adopt));
                prop_assert_eq!(state == State::Completed, made);
                prop_assert_eq!(State::parse(state.as_str()), Some(state));
            }
        }
    }
}
