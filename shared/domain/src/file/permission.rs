//! Who may do what with a file: the one table. Its room decides, with the room's own table.

use crate::company::CompanyRole;
use crate::room::{self, Access, Kind, Role};

/// Something that a person may or may not do with a file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Fetch its content and former contents.
    Download,
    /// Change name, description, metadata; take a former content again.
    Change,
    /// Send new content for it.
    AddVersion,
    /// Share it by links.
    Share,
    /// Pin it in its room.
    Pin,
    /// Show it in another room where one may write.
    Show,
    /// Delete it, and restore it within 30 days.
    Delete,
    /// Let blocked content through: administrators of the company, in any room but direct ones.
    Release,
}

/// What an action needs: one of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRule {
    /// What who sent the file must be allowed in its room.
    pub own: room::Action,
    /// What anybody else must be allowed there; `None` for nobody.
    pub others: Option<room::Action>,
    /// Whether an administrator of the company may, in any room but direct ones.
    pub administrators: bool,
}

/// Who somebody is to a file that they can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In the company.
    pub company: CompanyRole,
    /// In the file's own room; `None` for somebody who is not in it.
    pub seat: Option<(Role, Access)>,
    /// Whether they sent the file.
    pub own: bool,
    /// What kind of room it is.
    pub kind: Kind,
    /// Where that is in its life.
    pub status: room::Status,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// They are not active in the company any more.
    #[error("the account is not active")]
    Inactive,
    /// There is no such file, as far as they may know.
    #[error("there is no such file")]
    NoFile,
    /// The file's room does not allow it.
    #[error(transparent)]
    Room(room::Refusal),
    /// It has changed since it was read.
    #[error("it has changed since it was read")]
    Stale {
        /// Where it is now.
        revision: i64,
    },
    /// The state of the file does not allow it.
    #[error("{0}")]
    State(&'static str),
    /// The room has as many pins as it may.
    #[error("the room has {limit} pins, as many as it may")]
    Pins {
        /// How many that is.
        limit: i64,
    },
}

impl Action {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Download,
        Self::Change,
        Self::AddVersion,
        Self::Share,
        Self::Pin,
        Self::Show,
        Self::Delete,
        Self::Release,
    ];

    /// The row of the table; `None` for what only administrators of the company do.
    #[must_use]
    pub fn rule(self) -> Option<FileRule> {
        use room::Action as In;
        let (own, others, administrators) = match self {
            Self::Download | Self::Show => (In::Read, Some(In::Read), false),
            Self::Change => (In::Write, Some(In::ManageFiles), false),
            Self::AddVersion => (In::Upload, Some(In::Upload), false),
            Self::Share => (In::Write, Some(In::Write), false),
            Self::Pin => (In::Pin, Some(In::Pin), false),
            Self::Delete => (In::Write, Some(In::ManageFiles), true),
            Self::Release => return None,
        };
        Some(FileRule {
            own,
            others,
            administrators,
        })
    }
}

/// Whether somebody may.
///
/// # Errors
/// Which rule of the room says no.
pub fn check(who: &Standing, action: Action) -> Result<(), room::Refusal> {
    let Some(rule) = action.rule() else {
        return if who.company.administers() && who.kind != Kind::Direct {
            Ok(())
        } else {
            Err(room::Refusal::Role)
        };
    };
    let wanted = if who.own { Some(rule.own) } else { rule.others };
    let by_seat = match (who.seat, wanted) {
        (Some((role, access)), Some(wanted)) => room::check(role, access, who.status, wanted),
        // Who reads without a seat downloads and shows elsewhere like those who have one.
        (None, Some(room::Action::Read)) => Ok(()),
        (None, _) => Err(room::Refusal::NotMember),
        (Some(_), None) => Err(room::Refusal::Role),
    };
    if by_seat.is_err()
        && rule.administrators
        && who.company.administers()
        && who.kind != Kind::Direct
    {
        return room::check(Role::Creator, Access::Full, who.status, rule.own);
    }
    by_seat
}

/// All that somebody may do; this is what clients are told as `my.can`.
#[must_use]
pub fn actions(who: &Standing) -> Vec<Action> {
    let may = |action: &Action| check(who, *action).is_ok();
    Action::ALL.into_iter().filter(may).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITER: Option<(Role, Access)> = Some((Role::Member, Access::Full));
    const READER: Option<(Role, Access)> = Some((Role::Member, Access::ReadOnly));
    const ADMIN: Option<(Role, Access)> = Some((Role::Admin, Access::Full));

    fn who(company: CompanyRole, seat: Option<(Role, Access)>, own: bool) -> Standing {
        Standing {
            company,
            seat,
            own,
            kind: Kind::Private,
            status: room::Status::Active,
        }
    }

    #[test]
    fn r_f5_who_may_do_what_with_a_file() {
        use Action::{AddVersion, Change, Delete, Download, Pin, Release, Share, Show};
        use CompanyRole::{Admin, Member};
        let all = [Download, Change, AddVersion, Share, Pin, Show, Delete];
        for (company, seat, own, can) in [
            (
                Member,
                WRITER,
                true,
                &[Download, Change, AddVersion, Share, Show, Delete][..],
            ),
            (Member, WRITER, false, &[Download, AddVersion, Share, Show]),
            (Member, READER, true, &[Download, Show]),
            (Member, ADMIN, false, &all),
            (Member, None, true, &[Download, Show]),
            (Admin, None, false, &[Download, Show, Delete, Release]),
            (Admin, READER, false, &[Download, Show, Delete, Release]),
        ] {
            assert_eq!(
                actions(&who(company, seat, own)),
                can,
                "{company:?} {seat:?} own: {own}"
            );
        }
    }

    #[test]
    fn r_c5_nothing_is_changed_in_an_archived_room() {
        let archived = Standing {
            status: room::Status::Archived,
            ..who(CompanyRole::Owner, ADMIN, true)
        };
        assert_eq!(
            check(&archived, Action::Delete),
            Err(room::Refusal::Archived)
        );
        assert_eq!(
            check(&archived, Action::Change),
            Err(room::Refusal::Archived)
        );
        assert_eq!(
            actions(&archived),
            [Action::Download, Action::Show, Action::Release]
        );
    }

    #[test]
    fn r_f5_administrators_keep_out_of_direct_rooms() {
        let direct = Standing {
            kind: Kind::Direct,
            ..who(CompanyRole::Owner, None, false)
        };
        assert_eq!(
            check(&direct, Action::Delete),
            Err(room::Refusal::NotMember)
        );
        // One's own conversations are no exception: nobody reviews what they were sent.
        let member = Standing {
            seat: WRITER,
            ..direct
        };
        for who in [direct, member] {
            assert_eq!(check(&who, Action::Release), Err(room::Refusal::Role));
        }
    }
}
