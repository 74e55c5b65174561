//! Why something was not done in a room; one variant per rule.

/// A rule that stood in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such room, or the person may not know of it.
    #[error("there is no such room")]
    NoRoom,
    /// The person was suspended or removed since they signed in.
    #[error("the account is not active")]
    Inactive,
    /// The person sees the room but is not in it.
    #[error("you are not in this room")]
    NotMember,
    /// The role does not reach.
    #[error("your role does not allow this")]
    Role,
    /// The person may only read.
    #[error("you may only read in this room")]
    ReadOnly,
    /// The room is archived.
    #[error("the room is archived")]
    Archived,
    /// The room is not archived, and the action is for archived rooms.
    #[error("the room is not archived")]
    NotArchived,
    /// Another room of the company has this name.
    #[error("another room has this name")]
    NameTaken,
    /// There is not enough room left.
    #[error("the room holds {limit} people")]
    Full {
        /// How many it holds.
        limit: i32,
    },
    /// The limit is below the number of people who are in.
    #[error("{members} people are in the room")]
    Crowded {
        /// How many are in.
        members: i32,
    },
    /// It changed since it was read.
    #[error("the room is at version {version}")]
    Stale {
        /// The version it is at.
        version: i64,
    },
    /// The creator goes only after handing the room over.
    #[error("the creator hands the room over before leaving")]
    CreatorStays,
    /// The other person is not below, or the role to be given is not.
    #[error("you manage only people and roles below your own")]
    Outranked,
    /// The other person is not in the room.
    #[error("this person is not in the room")]
    NoSuchMember,
    /// Some of the people do not exist in the company; by their places in the list, from 0.
    #[error("some people do not exist")]
    UnknownPeople(Vec<usize>),
}
