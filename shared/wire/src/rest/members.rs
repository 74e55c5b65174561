//! People in a room.

use domain::UserId;
use domain::room::{self, Access, Member, Role, SeatChange};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::page;
use super::patch::Patch;
use super::room_changes::{keep, never_null};
use super::words;
use crate::cursor;
use crate::problem::FieldError;

/// Most people in one call.
pub const MAX_BATCH: usize = 100;

/// A person to be added.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// The person.
    #[schema(value_type = uuid::Uuid)]
    pub user_id: UserId,
    /// What they will be: member (the default), moderator or admin, below one's own role.
    #[serde(default)]
    #[schema(value_type = Option<words::RoomRole>)]
    pub role: Option<Role>,
    /// How much of it they may use: full by default, read_only for guests of the company.
    #[serde(default)]
    #[schema(value_type = Option<words::RoomAccess>)]
    pub access: Option<Access>,
}

/// People to be added: all of them or nobody.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMembers {
    /// Who. Those who are in already stay as they are.
    #[schema(min_items = 1, max_items = 100)]
    pub members: Vec<NewMember>,
}

/// Who came in, and who was in already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AddedMembers {
    /// Who is in now and was not before.
    pub added: Vec<MemberView>,
    /// Who was in before and stayed as they were.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub already: Vec<UserId>,
}

/// Changes to a person's place in a room, as a JSON merge patch.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMember {
    /// A new role, below one's own. The creator may also give `creator`: that hands the room over, and the
    /// former creator becomes an admin.
    #[serde(default)]
    #[schema(value_type = words::RoomRole)]
    pub role: Patch<Role>,
    /// A new access; a creator's is always full.
    #[serde(default)]
    #[schema(value_type = words::RoomAccess)]
    pub access: Patch<Access>,
}

/// A person in a room, as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// The person.
    #[schema(value_type = uuid::Uuid)]
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// What `@mention` calls them by.
    pub handle: String,
    /// What they are in the room.
    #[schema(value_type = words::RoomRole)]
    pub role: Role,
    /// How much of that they may use.
    #[schema(value_type = words::RoomAccess)]
    pub access: Access,
    /// When they came in.
    #[serde(with = "super::timestamp")]
    pub joined_at: OffsetDateTime,
}

/// Which members to list, in the order in which they registered.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMembers {
    /// Page size, 50 unless asked.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// A cursor from an earlier page.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
    /// Part of a name or handle, whatever the case.
    #[param(inline, value_type = Option<words::Wanted>)]
    pub q: Option<String>,
}

/// Which members to list, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersAsked {
    /// Page size.
    pub limit: i64,
    /// The person after whom the page begins.
    pub after: Option<UserId>,
    /// Part of a name or handle, as names are compared; empty for all.
    pub name: String,
}

impl AddMembers {
    /// Checks every field.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<Vec<room::NewMember>, Vec<FieldError>> {
        new_members(&self.members, 1)
    }
}

impl ChangeMember {
    /// Checks every field.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<SeatChange, Vec<FieldError>> {
        let mut errors = Vec::new();
        if matches!(self.role, Patch::Clear) {
            errors.push(never_null("role"));
        }
        if matches!(self.access, Patch::Clear) {
            errors.push(never_null("access"));
        }
        let change = SeatChange {
            role: self.role.set(),
            access: self.access.set(),
        };
        if change.role == Some(Role::Creator) && change.access == Some(Access::ReadOnly) {
            let detail = "a creator's access is full";
            errors.push(FieldError::new("access", "not_given", detail));
        }
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }
}

impl ListMembers {
    /// Checks every parameter.
    ///
    /// # Errors
    /// All that are wrong.
    pub fn parse(&self) -> Result<MembersAsked, Vec<FieldError>> {
        let mut errors = Vec::new();
        let limit = keep(&mut errors, page::limit(self.limit, 50, 100));
        let after = self.cursor.as_deref().map(cursor::decode).transpose();
        let after = keep(&mut errors, after);
        match (limit, after) {
            (Some(limit), Some(after)) => Ok(MembersAsked {
                limit,
                after,
                name: domain::text::key(self.q.as_deref().unwrap_or("")),
            }),
            _ => Err(errors),
        }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user,
            full_name: member.full_name,
            handle: member.handle,
            role: member.role,
            access: member.access,
            joined_at: member.joined_at,
        }
    }
}

/// Checks a batch of at least `least` people.
pub(super) fn new_members(
    members: &[NewMember],
    least: usize,
) -> Result<Vec<room::NewMember>, Vec<FieldError>> {
    if !(least..=MAX_BATCH).contains(&members.len()) {
        let detail = format!("{least} to {MAX_BATCH} people");
        return Err(vec![FieldError::new("members", "bad_length", detail)]);
    }
    let mut errors = Vec::new();
    for (place, member) in members.iter().enumerate() {
        if member.role == Some(Role::Creator) {
            let detail = "a room has one creator; hand it over by changing a member's role";
            errors.push(FieldError::new(
                format!("members[{place}].role"),
                "not_given",
                detail,
            ));
        }
        if members[..place]
            .iter()
            .any(|other| other.user_id == member.user_id)
        {
            let field = format!("members[{place}].user_id");
            errors.push(FieldError::new(field, "duplicate", "named before"));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let parsed = members.iter().map(|member| room::NewMember {
        user: member.user_id,
        role: member.role.unwrap_or(Role::Member),
        access: member.access,
    });
    Ok(parsed.collect())
}
