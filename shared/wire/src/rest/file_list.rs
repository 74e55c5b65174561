//! Lists of files and of what belongs to one.

use domain::file::{Filter, Media, State};
use domain::search::Query;
use domain::{FileId, LinkId, RoomId, ThreadId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::room_changes::keep;
use super::{page, words};
use crate::problem::FieldError;

/// Which files to list, newest first.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FilesQuery {
    /// Those that this room shows, instead of all rooms that I am in.
    #[param(value_type = Option<uuid::Uuid>)]
    pub room_id: Option<RoomId>,
    /// Those of this thread, available or held back ones; with `room_id` it must be a thread of that room.
    #[param(value_type = Option<uuid::Uuid>)]
    pub thread_id: Option<ThreadId>,
    /// Words that all stand in the name, inside longer words too; consonants (ㅎㅇ) find syllables by their initials.
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// A declared type, `application/pdf`, or all of one kind, `image/*`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub media: Option<String>,
    /// Sent by this person.
    #[param(value_type = Option<uuid::Uuid>)]
    pub uploader_id: Option<UserId>,
    /// Of at least so many bytes.
    #[param(minimum = 0)]
    pub min_size: Option<i64>,
    /// Of at most so many bytes.
    #[param(minimum = 0)]
    pub max_size: Option<i64>,
    /// Sent at this time or later (RFC 3339).
    #[param(format = DateTime)]
    pub from: Option<String>,
    /// Sent before this time (RFC 3339).
    #[param(format = DateTime)]
    pub to: Option<String>,
    /// In this state; all but deleted ones unless said otherwise.
    #[param(inline)]
    pub state: Option<StateFilter>,
    /// 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// Where the page begins, from `next_cursor`.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
}

/// The states that a list can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// What can be had.
    Available,
    /// What is held back for its content; an administrator of the company sees all of the company's.
    Quarantined,
    /// What I may restore, with what is left of the 30 days.
    Deleted,
    /// What the room has pinned; needs `room_id`.
    Pinned,
}

impl FilesQuery {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<Filter, Vec<FieldError>> {
        let mut errors = Vec::new();
        let state = self.state.map_or(State::Standing, State::from);
        if state == State::Pinned && self.room_id.is_none() {
            errors.push(FieldError::new(
                "room_id",
                "required",
                "pins are of one room",
            ));
        }
        if self.thread_id.is_some() && matches!(state, State::Pinned | State::Deleted) {
            let why = "deleted files and pins are not listed by thread";
            errors.push(FieldError::new("thread_id", "not_expected", why));
        }
        let query = self.q.as_deref().map(Query::parse).transpose();
        let query = query.map_err(|why| FieldError::new("q", "bad_search", why.to_string()));
        let media = self.media.as_deref().map(|text| {
            let why = "`type/subtype` or `type/*`";
            Media::parse(text).ok_or_else(|| FieldError::new("type", "bad_content_type", why))
        });
        let filter = Filter {
            room: self.room_id,
            thread: self.thread_id,
            query: keep(&mut errors, query).flatten(),
            media: keep(&mut errors, media.transpose()).flatten(),
            uploader: self.uploader_id,
            state,
            least: keep(&mut errors, size("min_size", self.min_size)).flatten(),
            most: keep(&mut errors, size("max_size", self.max_size)).flatten(),
            since: keep(&mut errors, time("from", self.from.as_deref())).flatten(),
            until: keep(&mut errors, time("to", self.to.as_deref())).flatten(),
            before: keep(&mut errors, cursor(self.cursor.as_deref())).flatten(),
            limit: keep(&mut errors, page::limit(self.limit, 50, 100)).unwrap_or_default(),
        };
        if errors.is_empty() {
            Ok(filter)
        } else {
            Err(errors)
        }
    }
}

/// A page of what belongs to one file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PartOfFileQuery {
    /// 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// Where the page begins, from `next_cursor`.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
}

impl PartOfFileQuery {
    /// Checks every field, for versions: the number to start behind, how many.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn versions(&self) -> Result<(Option<i32>, i64), Vec<FieldError>> {
        self.page()
    }

    /// The same for links.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn links(&self) -> Result<(Option<LinkId>, i64), Vec<FieldError>> {
        self.page()
    }

    fn page<T: serde::de::DeserializeOwned>(&self) -> Result<(Option<T>, i64), Vec<FieldError>> {
        let mut errors = Vec::new();
        let before = self
            .cursor
            .as_deref()
            .map(crate::cursor::decode)
            .transpose();
        let before = keep(&mut errors, before).flatten();
        let limit = keep(&mut errors, page::limit(self.limit, 50, 100));
        match limit {
            Some(limit) if errors.is_empty() => Ok((before, limit)),
            _ => Err(errors),
        }
    }
}

/// The room in which to pin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PinQuery {
    /// The room; the file's own unless said otherwise.
    #[param(value_type = Option<uuid::Uuid>)]
    pub room_id: Option<RoomId>,
}

impl From<StateFilter> for State {
    fn from(state: StateFilter) -> Self {
        match state {
            StateFilter::Available => Self::Available,
            StateFilter::Quarantined => Self::Quarantined,
            StateFilter::Deleted => Self::Deleted,
            StateFilter::Pinned => Self::Pinned,
        }
    }
}

fn size(field: &str, bytes: Option<i64>) -> Result<Option<i64>, FieldError> {
    match bytes {
        Some(..0) => Err(FieldError::new(field, "out_of_range", "0 or more")),
        bytes => Ok(bytes),
    }
}

fn time(field: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, FieldError> {
    let parsed = text
        .map(|text| OffsetDateTime::parse(text, &Rfc3339))
        .transpose();
    parsed.map_err(|_| FieldError::new(field, "bad_time", "a time such as 2026-01-02T03:04:05Z"))
}

fn cursor(text: Option<&str>) -> Result<Option<FileId>, FieldError> {
    text.map(crate::cursor::decode).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f4_a_list_names_all_its_faults() {
        let text = |text: &str| Some(text.to_owned());
        let query = FilesQuery {
            q: text("  "),
            media: text("image"),
            min_size: Some(-1),
            from: text("yesterday"),
            state: Some(StateFilter::Pinned),
            limit: Some(101),
            cursor: text("%"),
            ..FilesQuery::default()
        };
        let fields: Vec<_> = query
            .parse()
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "room_id", "q", "type", "min_size", "from", "cursor", "limit"
            ]
        );
        assert!(FilesQuery::default().parse().is_ok());
        for (state, fine) in [
            (StateFilter::Available, true),
            (StateFilter::Quarantined, true),
            (StateFilter::Deleted, false),
            (StateFilter::Pinned, false),
        ] {
            let query = FilesQuery {
                thread_id: Some(ThreadId(uuid::Uuid::nil())),
                room_id: Some(RoomId(uuid::Uuid::nil())),
                state: Some(state),
                ..FilesQuery::default()
            };
            assert_eq!(query.parse().is_ok(), fine, "{state:?}");
        }
    }
}
