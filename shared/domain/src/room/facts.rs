//! What is known of a room, of the people in it, and of one's own place there.

use time::OffsetDateTime;

use super::{Access, Action, Kind, Role, Settings, Status, can, permission};
use crate::company::CompanyRole;
use crate::{RoomId, UserId};

/// A room as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Who can find it.
    pub kind: Kind,
    /// Where it is in its life.
    pub status: Status,
    /// What it is called; empty for a direct room.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How many people it holds.
    pub member_limit: i32,
    /// How many people are in it.
    pub member_count: i32,
    /// How many text messages were ever sent in it.
    pub message_count: i64,
    /// How it is set up.
    pub settings: Settings,
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was archived, while it is.
    pub archived_at: Option<OffsetDateTime>,
    /// When its last event happened.
    pub last_activity_at: OffsetDateTime,
    /// Number of the last event of its log.
    pub last_seq: i64,
    /// Changes with name, description, type, limit, settings and status.
    pub version: i64,
}

/// One's own place in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// What one is there.
    pub role: Role,
    /// How much of that one may use.
    pub access: Access,
    /// Highest seq that one has read.
    pub read_seq: i64,
    /// How many text messages came after it.
    pub unread: i64,
}

/// A person in a room, as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub full_name: String,
    /// What mentions call them by.
    pub handle: String,
    /// What they are in the room.
    pub role: Role,
    /// How much of that they may use.
    pub access: Access,
    /// When they came in.
    pub joined_at: OffsetDateTime,
}

/// Whether a person sees that a room exists: those in it, the company's people if it is public, its administrators.
#[must_use]
pub fn visible(kind: Kind, company: CompanyRole, seat: Option<(Role, Access)>) -> bool {
    let open = kind == Kind::Public && company != CompanyRole::Guest;
    seat.is_some() || open || (company.administers() && kind != Kind::Direct)
}

/// All that a person may do in a room: by their seat, or as a visitor, and as an administrator of the company.
#[must_use]
pub fn actions(
    (kind, status, settings): (Kind, Status, &Settings),
    company: CompanyRole,
    seat: Option<(Role, Access)>,
) -> Vec<Action> {
    let mut actions = match seat {
        Some((role, access)) => permission::allowed(role, access, status, settings),
        None => vec![],
    };
    if seat.is_none() && kind == Kind::Public && company != CompanyRole::Guest {
        let visitor = [Action::Read, Action::Join].into_iter();
        actions.extend(visitor.filter(|action| action.rule().statuses.contains(&status)));
    }
    if company == CompanyRole::Guest {
        actions.retain(|action| *action != Action::Invite);
    }
    if company.administers() && kind != Kind::Direct {
        // Administrators archive and restore any room, with the creator's right.
        let more = [Action::Archive, Action::Restore].into_iter();
        actions.extend(more.filter(|action| can(Role::Creator, Access::Full, status, *action)));
        actions.sort_unstable();
        actions.dedup();
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_c3_who_sees_a_room() {
        use CompanyRole::{Admin, Guest, Member, Owner};
        let seat = Some((Role::Member, Access::Full));
        for (kind, company, seat, sees) in [
            (Kind::Public, Member, None, true),
            (Kind::Public, Guest, None, false),
            (Kind::Public, Guest, seat, true),
            (Kind::Private, Member, None, false),
            (Kind::Private, Member, seat, true),
            (Kind::Private, Admin, None, true),
            (Kind::Private, Owner, None, true),
            (Kind::Direct, Owner, None, false),
            (Kind::Direct, Member, seat, true),
        ] {
            assert_eq!(visible(kind, company, seat), sees, "{kind:?} {company:?}");
        }
    }

    #[test]
    fn r_c8_visitors_may_join_and_administrators_may_archive() {
        let settings = Settings::default();
        let public = (Kind::Public, Status::Active, &settings);
        let archived = (Kind::Private, Status::Archived, &settings);
        let reader = Some((Role::Member, Access::ReadOnly));
        assert_eq!(
            actions(public, CompanyRole::Member, None),
            [Action::Read, Action::Join]
        );
        assert_eq!(
            actions(public, CompanyRole::Admin, None),
            [Action::Read, Action::Archive, Action::Join]
        );
        assert_eq!(actions(public, CompanyRole::Guest, None), []);
        assert_eq!(
            actions(archived, CompanyRole::Owner, None),
            [Action::Restore]
        );
        assert_eq!(
            actions(archived, CompanyRole::Admin, reader),
            [Action::Read, Action::Restore]
        );
    }
}
