//! Tickets for sockets, and the REST twins of resume.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page;
use super::words;
use crate::cursor;
use crate::event::Event;
use crate::problem::FieldError;
use crate::socket::RoomHead;

/// Events of one answer, unless fewer are asked for.
const USUAL: i64 = 200;
/// Most events of one answer.
const MOST: i64 = 500;

/// A ticket: opens one socket, once, soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketView {
    /// Goes into the socket's address: `?ticket=…`.
    pub ticket: String,
    /// How long it is good for, in seconds.
    pub expires_in_s: i64,
}

/// Which part of a room's log to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The last seq that is known; 0 for the log's beginning.
    #[param(minimum = 0)]
    pub after: i64,
    /// How many events at most, 200 unless told otherwise.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// A part of a room's log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EventsView {
    /// What follows, oldest first.
    pub events: Vec<Event>,
    /// The last seq of the log: when the last event here is smaller, read on after it.
    pub last_seq: i64,
    /// What follows is too much, or kept no longer: load the room anew.
    pub reset: bool,
}

/// Where to read on in all rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SyncQuery {
    /// From the last answer; leave it out to begin.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
    /// How many events at most, 200 unless told otherwise.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// What happened in all my rooms, and to me, since the cursor.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SyncView {
    /// In order within each log.
    pub events: Vec<Event>,
    /// Rooms to load anew.
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub reset: Vec<domain::RoomId>,
    /// Only in the first answer, without a cursor: my rooms and where their logs stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<RoomHead>>,
    /// Only in the first answer: where my own log stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_seq: Option<i64>,
    /// There is more now: ask again at once.
    pub more: bool,
    /// Where to read on.
    pub cursor: String,
}

/// What a sync cursor holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncCursor {
    /// The snapshot of which everything was seen.
    #[serde(rename = "s")]
    pub seen: String,
    /// In the middle of a long answer: the snapshot that it goes up to, and where it stopped.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub middle: Option<(String, uuid::Uuid, i64)>,
}

impl EventsQuery {
    /// The seq and the number of events, checked.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(&self) -> Result<(i64, i64), Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.after < 0 {
            errors.push(FieldError::new("after", "out_of_range", "0 or more"));
        }
        let limit = page::limit(self.limit, USUAL, MOST).unwrap_or_else(|error| {
            errors.push(error);
            USUAL
        });
        match errors.is_empty() {
            true => Ok((self.after, limit)),
            false => Err(errors),
        }
    }
}

impl SyncQuery {
    /// The cursor and the number of events, checked.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(&self) -> Result<(Option<SyncCursor>, i64), Vec<FieldError>> {
        let limit = page::limit(self.limit, USUAL, MOST);
        let cursor = self.cursor.as_deref().map(cursor::decode).transpose();
        match (cursor, limit) {
            (Ok(cursor), Ok(limit)) => Ok((cursor, limit)),
            (cursor, limit) => Err([cursor.err(), limit.err()].into_iter().flatten().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_wrong_fields_are_named_at_once() {
        let query = EventsQuery {
            after: -1,
            limit: Some(501),
        };
        assert_eq!(query.parse().unwrap_err().len(), 2);
        let query = SyncQuery {
            cursor: Some("?".into()),
            limit: Some(0),
        };
        assert_eq!(query.parse().unwrap_err().len(), 2);
        assert_eq!(SyncQuery::default().parse(), Ok((None, USUAL)));
    }
}
