//! What it means when a constraint turns a row away, in one table.

use crate::Error;

/// A rule that the database itself keeps, broken by a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// Someone has this email address.
    EmailTaken,
    /// Someone in the company has this handle.
    HandleTaken,
    /// A room of the company has this name.
    RoomNameTaken,
    /// The room would have more members than it may.
    MemberLimit,
    /// The author already sent a message with this client id to the room.
    ClientIdUsed,
    /// The company already has a blob with this content.
    BlobKnown,
}

/// Constraint by constraint; one that is not here failing is our own mistake.
const TABLE: &[(&str, Clash)] = &[
    ("users_email_key", Clash::EmailTaken),
    ("users_handle_key", Clash::HandleTaken),
    ("rooms_name_key", Clash::RoomNameTaken),
    ("rooms_member_limit_holds", Clash::MemberLimit),
    ("messages_client_id_key", Clash::ClientIdUsed),
    ("blobs_identity_key", Clash::BlobKnown),
];

impl Error {
    /// The rule that was broken, if that is what went wrong.
    #[must_use]
    pub fn clash(&self) -> Option<Clash> {
        let constraint = self.constraint()?;
        TABLE
            .iter()
            .find(|(name, _)| *name == constraint)
            .map(|(_, clash)| *clash)
    }
}
