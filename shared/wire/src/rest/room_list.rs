//! Lists of rooms: what is asked.

use domain::RoomId;
use domain::room::{Kind, Status};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::page;
use super::room_changes::keep;
use super::words;
use crate::cursor;
use crate::problem::FieldError;

/// Which rooms to list, the last active first.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRooms {
    /// Mine, unless asked otherwise.
    #[param(inline)]
    pub scope: Option<Scope>,
    /// Only this kind.
    #[serde(rename = "type")]
    #[param(value_type = Option<words::RoomKind>)]
    pub kind: Option<Kind>,
    /// Only rooms in this state; active and archived ones unless asked.
    #[param(value_type = Option<words::RoomStatus>)]
    pub status: Option<Status>,
    /// Part of a name, whatever the case.
    #[param(inline, value_type = Option<words::Wanted>)]
    pub q: Option<String>,
    /// Page size, 50 unless asked.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// A cursor from an earlier page.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
}

/// Whose rooms to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those I am in.
    #[default]
    Mine,
    /// Active public ones that I am not in and may join.
    Joinable,
    /// All of the company, direct ones excepted; for its administrators.
    Company,
}

/// Which rooms to list, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomsAsked {
    /// Whose.
    pub scope: Scope,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only in this state.
    pub status: Option<Status>,
    /// Part of a name, as names are compared; empty for all.
    pub name: String,
    /// Page size.
    pub limit: i64,
    /// The place after which the page begins.
    pub after: Option<RoomPlace>,
}

/// Where a room stands in a list: by its last activity, then by its id.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RoomPlace(
    #[serde(with = "time::serde::rfc3339")] pub OffsetDateTime,
    pub RoomId,
);

impl ListRooms {
    /// Checks every parameter.
    ///
    /// # Errors
    /// All that are wrong.
    pub fn parse(&self) -> Result<RoomsAsked, Vec<FieldError>> {
        let mut errors = Vec::new();
        let limit = keep(&mut errors, page::limit(self.limit, 50, 100));
        let after = self.cursor.as_deref().map(cursor::decode).transpose();
        let after = keep(&mut errors, after);
        if self.status == Some(Status::Deleted) {
            let error = FieldError::new("status", "invalid_value", "active or archived");
            errors.push(error);
        }
        match (limit, after) {
            (Some(limit), Some(after)) if errors.is_empty() => Ok(RoomsAsked {
                scope: self.scope.unwrap_or_default(),
                kind: self.kind,
                status: self.status,
                name: domain::text::key(self.q.as_deref().unwrap_or("")),
                limit,
                after,
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_c8_lists_are_mine_by_default_and_places_come_back() {
        let asked = ListRooms::default().parse().unwrap();
        assert_eq!((asked.scope, asked.limit), (Scope::Mine, 50));
        let at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_000).unwrap();
        let place = RoomPlace(at, RoomId(uuid::Uuid::nil()));
        let query = ListRooms {
            cursor: Some(cursor::encode(&place)),
            q: Some(" 회의 ROOM ".into()),
            ..ListRooms::default()
        };
        let asked = query.parse().unwrap();
        assert_eq!(asked.after, Some(place));
        assert_eq!(asked.name, "회의 room");
    }

    #[test]
    fn all_wrong_parameters_are_told_at_once() {
        let query = ListRooms {
            limit: Some(0),
            cursor: Some("?".into()),
            status: Some(Status::Deleted),
            ..ListRooms::default()
        };
        assert_eq!(query.parse().unwrap_err().len(), 3);
    }
}
