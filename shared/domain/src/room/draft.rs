//! What someone asks for: a room to be made, changes to one, people to be added.

use serde::Serialize;

use super::{Access, Description, Kind, MemberLimit, Role, RoomName};
use crate::UserId;

/// A room to be made; whoever makes it becomes its creator.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What to call it.
    pub name: RoomName,
    /// What it is for.
    pub description: Description,
    /// Who can find it.
    pub kind: Kind,
    /// How many people it holds.
    pub member_limit: MemberLimit,
    /// What differs from the default settings.
    pub settings: SettingsChange,
    /// Who else is in it from the start.
    pub members: Vec<NewMember>,
}

/// A person to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMember {
    /// The person.
    pub user: UserId,
    /// What they will be: anything but creator.
    pub role: Role,
    /// How much of it they may use; `None` for all of it, or reading only for guests of the company.
    pub access: Option<Access>,
}

/// What to change in a room; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// A new name.
    pub name: Option<RoomName>,
    /// A new description.
    pub description: Option<Description>,
    /// Public or private; the creator's alone to say.
    pub kind: Option<Kind>,
    /// A new limit, not below the number of people who are in.
    pub member_limit: Option<MemberLimit>,
    /// Settings to set or to clear.
    pub settings: SettingsChange,
}

/// What to change of a person's place in a room; `None` leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatChange {
    /// A new role; [`Role::Creator`] hands the room over.
    pub role: Option<Role>,
    /// A new access.
    pub access: Option<Access>,
}

/// A value to set, or `Some(None)` to go back to the default; `None` leaves it.
pub type Set<T> = Option<Option<T>>;

/// Changes to settings: written as JSON, a merge patch with only what changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SettingsChange {
    /// See [`super::Settings::uploads`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploads: Set<bool>,
    /// See [`super::Settings::threads`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Set<bool>,
    /// See [`super::Settings::auto_thread`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_thread: Set<bool>,
    /// See [`super::Settings::allowed_types`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_types: Set<Vec<String>>,
    /// See [`super::Settings::edit_window_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_window_s: Set<u32>,
    /// See [`super::Settings::slow_mode_s`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Set<u32>,
    /// See [`super::Settings::retention_days`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Set<u32>,
    /// See [`super::Settings::members_invite`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members_invite: Set<bool>,
    /// See [`super::Settings::welcome_message`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome_message: Set<String>,
    /// See [`super::Settings::storage_limit_bytes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_limit_bytes: Set<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settings_change_is_a_merge_patch() {
        let change = SettingsChange {
            uploads: Some(Some(false)),
            slow_mode_s: Some(None),
            ..SettingsChange::default()
        };
        assert_eq!(
            serde_json::to_value(change).unwrap(),
            serde_json::json!({"uploads": false, "slow_mode_s": null})
        );
    }
}
