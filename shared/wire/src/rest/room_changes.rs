//! Chatrooms: what is asked of them.

use domain::UserId;
use domain::room::{BadText, Change, Description, Draft, Kind, MemberLimit, RoomName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::members::{NewMember, new_members};
use super::patch::Patch;
use super::room_settings::SettingsPatch;
use super::words;
use crate::problem::FieldError;

/// A room to be made. Whoever makes it becomes its creator.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoom {
    /// 3 to 100 characters after trimming; unique in the company, whatever the case.
    #[schema(value_type = words::RoomTitle)]
    pub name: String,
    /// Up to 500 characters.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// Public (the default): anyone of the company may join. Private: only by being added.
    #[serde(default, rename = "type")]
    pub kind: Option<RoomType>,
    /// How many people it holds; 1,000 by default.
    #[serde(default)]
    #[schema(minimum = 2, maximum = 100_000)]
    pub member_limit: Option<i64>,
    /// Who else is in it from the start; all of them or nobody.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub members: Option<Vec<NewMember>>,
    /// What differs from the default settings.
    #[serde(default)]
    pub settings: Option<SettingsPatch>,
}

/// Changes to a room, as a JSON merge patch.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchRoom {
    /// A new name, as in [`CreateRoom`].
    #[serde(default)]
    #[schema(value_type = words::RoomTitle)]
    pub name: Patch<String>,
    /// A new description; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub description: Patch<String>,
    /// Public or private; only the creator changes it.
    #[serde(default, rename = "type")]
    #[schema(value_type = RoomType)]
    pub kind: Patch<RoomType>,
    /// A new limit, not below the number of people who are in; null goes back to 1,000.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 2, maximum = 100_000)]
    pub member_limit: Patch<i64>,
    /// Settings to change; null for one of them goes back to its default.
    #[serde(default)]
    #[schema(value_type = Option<SettingsPatch>)]
    pub settings: Patch<SettingsPatch>,
}

/// The kinds of room that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomType {
    /// Anyone of the company but guests finds and joins it.
    Public,
    /// Only who was added knows of it.
    Private,
}

/// How far I have read.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The seq of the last event that I have seen. A marker never goes back, and never beyond the log's end.
    #[schema(minimum = 0)]
    pub seq: i64,
}

impl CreateRoom {
    /// Checks every field; `creator` is dropped from the first members, being in anyway.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self, creator: UserId) -> Result<Draft, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = keep(&mut errors, name(&self.name));
        let description = self.description.as_deref().unwrap_or("");
        let description = keep(&mut errors, describe(description));
        let limit = self.member_limit.map_or(Ok(MemberLimit::default()), limit);
        let limit = keep(&mut errors, limit);
        let settings = keep_all(&mut errors, self.settings.unwrap_or_default().parse());
        let members = self.members.unwrap_or_default();
        let mut members = keep_all(&mut errors, new_members(&members, 0)).unwrap_or_default();
        members.retain(|member| member.user != creator);
        match (name, description, limit, settings) {
            (Some(name), Some(description), Some(member_limit), Some(settings))
                if errors.is_empty() =>
            {
                Ok(Draft {
                    name,
                    description,
                    kind: self.kind.unwrap_or(RoomType::Public).into(),
                    member_limit,
                    settings,
                    members,
                })
            }
            _ => Err(errors),
        }
    }
}

impl PatchRoom {
    /// Checks every field.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<Change, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = match self.name {
            Patch::Clear => Err(never_null("name")),
            Patch::Keep => Ok(None),
            Patch::Set(text) => name(&text).map(Some),
        };
        let kind = match self.kind {
            Patch::Clear => Err(never_null("type")),
            kind => Ok(kind.set().map(Into::into)),
        };
        let description = match self.description {
            Patch::Clear => Ok(Some(Description::default())),
            Patch::Keep => Ok(None),
            Patch::Set(text) => describe(&text).map(Some),
        };
        let member_limit = match self.member_limit {
            Patch::Clear => Ok(Some(MemberLimit::default())),
            Patch::Keep => Ok(None),
            Patch::Set(people) => limit(people).map(Some),
        };
        let settings = match self.settings {
            Patch::Clear => Ok(SettingsPatch::all_cleared()),
            Patch::Keep => Ok(SettingsPatch::default()),
            Patch::Set(settings) => Ok(settings),
        };
        let change = Change {
            name: keep(&mut errors, name).flatten(),
            kind: keep(&mut errors, kind).flatten(),
            description: keep(&mut errors, description).flatten(),
            member_limit: keep(&mut errors, member_limit).flatten(),
            settings: keep_all(&mut errors, settings.and_then(SettingsPatch::parse))
                .unwrap_or_default(),
        };
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }
}

impl MarkRead {
    /// Checks the field.
    ///
    /// # Errors
    /// When it is negative.
    pub fn parse(self) -> Result<i64, Vec<FieldError>> {
        if self.seq < 0 {
            let error = FieldError::new("seq", "out_of_range", "0 or more");
            return Err(vec![error]);
        }
        Ok(self.seq)
    }
}

impl From<RoomType> for Kind {
    fn from(kind: RoomType) -> Self {
        match kind {
            RoomType::Public => Self::Public,
            RoomType::Private => Self::Private,
        }
    }
}

/// The value, or its error set aside.
pub(super) fn keep<T>(errors: &mut Vec<FieldError>, found: Result<T, FieldError>) -> Option<T> {
    keep_all(errors, found.map_err(|error| vec![error]))
}

/// The value, or all of its errors set aside.
pub(super) fn keep_all<T>(
    errors: &mut Vec<FieldError>,
    found: Result<T, Vec<FieldError>>,
) -> Option<T> {
    found.map_err(|wrong| errors.extend(wrong)).ok()
}

/// The error of a field that has no empty state.
pub(super) fn never_null(field: &str) -> FieldError {
    FieldError::new(
        field,
        "never_null",
        "it has a value always; leave it out to keep it",
    )
}

fn name(text: &str) -> Result<RoomName, FieldError> {
    RoomName::parse(text).map_err(|bad| bad_text("name", bad))
}

fn describe(text: &str) -> Result<Description, FieldError> {
    Description::parse(text).map_err(|bad| bad_text("description", bad))
}

fn limit(people: i64) -> Result<MemberLimit, FieldError> {
    MemberLimit::new(people).ok_or_else(|| {
        let range = format!("{} to {}", MemberLimit::LEAST, MemberLimit::MOST);
        FieldError::new("member_limit", "out_of_range", range)
    })
}

/// The error of a text that breaks a rule.
pub(super) fn bad_text(field: &str, bad: BadText) -> FieldError {
    let code = match bad {
        BadText::Length { .. } => "bad_length",
        BadText::Control => "control_character",
    };
    FieldError::new(field, code, bad.to_string())
}

#[cfg(test)]
mod tests;
