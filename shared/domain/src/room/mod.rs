//! Chatrooms: what they are called, who may do what in them, how they are set up.
//!
//! The permission table ([`Action::rule`]) is the only one: the statements take their roles from it, and
//! clients are told from it what they may do.

mod draft;
mod facts;
mod name;
mod permission;
mod refusal;
mod settings;

pub use draft::{Change, Draft, NewMember, SeatChange, Set, SettingsChange};
pub use facts::{Member, Room, Seat, actions, visible};
pub use name::{BadText, Description, MemberLimit, RoomName};
pub use permission::{Action, Rule, allowed, can, check};
pub use refusal::Refusal;
pub use settings::Settings;

/// An enum of words: the same word in rows, JSON and code.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one that `word` names, if any.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
use words;

words! {
    /// What a person is in a room; a later one outranks an earlier one.
    Role {
        /// Writes, makes threads, uploads.
        Member = "member",
        /// Also deletes anyone's message, pins, manages threads.
        Moderator = "moderator",
        /// Also changes settings, manages members below, archives and restores.
        Admin = "admin",
        /// Made the room or was handed it; exactly one, and cannot be removed.
        Creator = "creator",
    }
}

words! {
    /// How much of a role a person may use.
    Access {
        /// All of it.
        Full = "full",
        /// Reading only, whatever the role.
        ReadOnly = "read_only",
    }
}

words! {
    /// Who can find a room.
    Kind {
        /// Anyone of the company but guests finds and joins it.
        Public = "public",
        /// Only who was added knows of it.
        Private = "private",
        /// Two people, no name.
        Direct = "direct",
    }
}

words! {
    /// Where a room is in its life.
    Status {
        /// In use.
        Active = "active",
        /// Read, never written, until it is restored.
        Archived = "archived",
        /// Gone for everyone; purged later.
        Deleted = "deleted",
    }
}

impl Role {
    /// Whether someone in this role may manage someone in `other`: only those below.
    #[must_use]
    pub fn outranks(self, other: Self) -> bool {
        self > other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(
                serde_json::to_value(role).unwrap(),
                serde_json::json!(role.as_str())
            );
        }
        assert_eq!(Kind::parse("secret"), None);
    }

    #[test]
    fn r_c2_roles_rank_creator_admin_moderator_member() {
        assert!(Role::Creator.outranks(Role::Admin));
        assert!(Role::Admin.outranks(Role::Moderator));
        assert!(Role::Moderator.outranks(Role::Member));
        assert!(!Role::Admin.outranks(Role::Admin));
    }
}
