//! Who may do what in a room: the one table.

use super::{Access, Refusal, Role, Settings, Status, words};

words! {
    /// Something that a person may or may not do in a room.
    Action {
        /// Read messages, members and files, download, hear events.
        Read = "read",
        /// Send messages and react.
        Write = "write",
        /// Upload files.
        Upload = "upload",
        /// Start threads.
        CreateThread = "create_thread",
        /// Pin messages.
        Pin = "pin",
        /// Delete anyone's message, see reports.
        Moderate = "moderate",
        /// Close, archive and restore anyone's thread.
        ManageThreads = "manage_threads",
        /// Rename, delete and restore anyone's file.
        ManageFiles = "manage_files",
        /// Add people.
        Invite = "invite",
        /// Remove people below, change their role and access.
        ManageMembers = "manage_members",
        /// Change name, description, type, limit and settings.
        Edit = "edit",
        /// Make the room read-only.
        Archive = "archive",
        /// Take it back into use.
        Restore = "restore",
        /// Go.
        Leave = "leave",
        /// Come in; told to people outside of a public room.
        Join = "join",
    }
}

/// What an action needs; all three must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The roles that may.
    pub roles: &'static [Role],
    /// The accesses that may.
    pub accesses: &'static [Access],
    /// The states of the room in which it can be done.
    pub statuses: &'static [Status],
}

const EVERYONE: &[Role] = &[Role::Member, Role::Moderator, Role::Admin, Role::Creator];
const MODERATORS: &[Role] = &[Role::Moderator, Role::Admin, Role::Creator];
const ADMINS: &[Role] = &[Role::Admin, Role::Creator];
const FULL: &[Access] = &[Access::Full];
const ANY: &[Access] = &[Access::Full, Access::ReadOnly];
const ACTIVE: &[Status] = &[Status::Active];
const ARCHIVED: &[Status] = &[Status::Archived];

impl Action {
    /// The row of the permission table.
    #[must_use]
    pub fn rule(self) -> Rule {
        let (roles, accesses, statuses): (&[Role], &[Access], &[Status]) = match self {
            Self::Read => (EVERYONE, ANY, &[Status::Active, Status::Archived]),
            Self::Write | Self::Upload | Self::CreateThread => (EVERYONE, FULL, ACTIVE),
            Self::Pin | Self::Moderate | Self::ManageThreads => (MODERATORS, FULL, ACTIVE),
            Self::ManageFiles | Self::Invite | Self::ManageMembers | Self::Edit | Self::Archive => {
                (ADMINS, FULL, ACTIVE)
            }
            Self::Restore => (ADMINS, FULL, ARCHIVED),
            Self::Leave => (&[Role::Member, Role::Moderator, Role::Admin], ANY, ACTIVE),
            Self::Join => (&[], ANY, ACTIVE),
        };
        Rule {
            roles,
            accesses,
            statuses,
        }
    }
}

/// Whether the rule of `action` holds, and if not, which part of it fails first: role, access, status
/// ([`Refusal::Role`], [`Refusal::ReadOnly`], [`Refusal::Archived`], [`Refusal::NotArchived`]).
///
/// # Errors
/// [`Refusal`].
pub fn check(role: Role, access: Access, status: Status, action: Action) -> Result<(), Refusal> {
    let rule = action.rule();
    if !rule.roles.contains(&role) {
        return Err(Refusal::Role);
    }
    if !rule.accesses.contains(&access) {
        return Err(Refusal::ReadOnly);
    }
    match (rule.statuses.contains(&status), status) {
        (true, _) => Ok(()),
        (false, Status::Active) => Err(Refusal::NotArchived),
        (false, _) => Err(Refusal::Archived),
    }
}

/// As [`check`], as a plain yes or no.
#[must_use]
pub fn can(role: Role, access: Access, status: Status, action: Action) -> bool {
    check(role, access, status, action).is_ok()
}

/// All that a person in the room may do, with what its settings switch off (uploads, threads) or on
/// (members who invite); this is what clients are told as `my.can`.
#[must_use]
pub fn allowed(role: Role, access: Access, status: Status, settings: &Settings) -> Vec<Action> {
    let holds = |action: &Action| match action {
        Action::Upload if !settings.uploads => false,
        Action::CreateThread if !settings.threads => false,
        // Whoever may write may then bring others in.
        Action::Invite if settings.members_invite => can(role, access, status, Action::Write),
        action => can(role, access, status, *action),
    };
    Action::ALL.iter().copied().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table once more, as a person would draw it: creator, admin, moderator, member, read-only admin.
    const TABLE: &[(Action, [bool; 5])] = &[
        (Action::Read, [true, true, true, true, true]),
        (Action::Write, [true, true, true, true, false]),
        (Action::Upload, [true, true, true, true, false]),
        (Action::CreateThread, [true, true, true, true, false]),
        (Action::Pin, [true, true, true, false, false]),
        (Action::Moderate, [true, true, true, false, false]),
        (Action::ManageThreads, [true, true, true, false, false]),
        (Action::ManageFiles, [true, true, false, false, false]),
        (Action::Invite, [true, true, false, false, false]),
        (Action::ManageMembers, [true, true, false, false, false]),
        (Action::Edit, [true, true, false, false, false]),
        (Action::Archive, [true, true, false, false, false]),
        (Action::Restore, [false, false, false, false, false]),
        (Action::Leave, [false, true, true, true, true]),
        (Action::Join, [false, false, false, false, false]),
    ];

    const PEOPLE: [(Role, Access); 5] = [
        (Role::Creator, Access::Full),
        (Role::Admin, Access::Full),
        (Role::Moderator, Access::Full),
        (Role::Member, Access::Full),
        (Role::Admin, Access::ReadOnly),
    ];

    #[test]
    fn r_c2_the_table_holds_in_an_active_room() {
        assert_eq!(TABLE.len(), Action::ALL.len());
        for (action, expected) in TABLE {
            for ((role, access), expected) in PEOPLE.into_iter().zip(expected) {
                let found = can(role, access, Status::Active, *action);
                assert_eq!(found, *expected, "{action:?} {role:?} {access:?}");
            }
        }
    }

    #[test]
    fn r_c5_an_archived_room_is_read_and_restored_only() {
        let settings = Settings::default();
        let archived = |role| allowed(role, Access::Full, Status::Archived, &settings);
        assert_eq!(archived(Role::Member), [Action::Read]);
        assert_eq!(archived(Role::Creator), [Action::Read, Action::Restore]);
        assert_eq!(
            check(Role::Member, Access::Full, Status::Archived, Action::Write),
            Err(Refusal::Archived)
        );
        assert_eq!(
            check(Role::Admin, Access::Full, Status::Active, Action::Restore),
            Err(Refusal::NotArchived)
        );
    }

    #[test]
    fn nothing_can_be_done_in_a_deleted_room() {
        for action in Action::ALL {
            assert!(!can(Role::Creator, Access::Full, Status::Deleted, *action));
        }
    }

    #[test]
    fn r_c6_settings_switch_actions_off_and_on() {
        let settings = Settings {
            uploads: false,
            threads: false,
            members_invite: true,
            ..Settings::default()
        };
        let member = allowed(Role::Member, Access::Full, Status::Active, &settings);
        assert_eq!(
            member,
            [Action::Read, Action::Write, Action::Invite, Action::Leave]
        );
        let reader = allowed(Role::Member, Access::ReadOnly, Status::Active, &settings);
        assert_eq!(reader, [Action::Read, Action::Leave]);
    }
}
