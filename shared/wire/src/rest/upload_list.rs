//! Which uploads, and which of their parts, to show.

use domain::upload::State;
use domain::{RoomId, UploadId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::upload_views::StateName;
use super::{page, words};
use crate::problem::FieldError;

/// Which uploads to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UploadsQuery {
    /// Everybody's in this room, instead of my own everywhere.
    #[param(value_type = Option<uuid::Uuid>)]
    pub room_id: Option<RoomId>,
    /// Only in this state.
    pub state: Option<StateName>,
    /// 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// Where the page begins, from `next_cursor`.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
}

/// A checked list query: room, states, the upload to start behind, how many.
pub type UploadsWanted = (Option<RoomId>, Vec<State>, Option<UploadId>, i64);

impl UploadsQuery {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<UploadsWanted, Vec<FieldError>> {
        let limit = page::limit(self.limit, 50, 100);
        let cursor = self
            .cursor
            .as_deref()
            .map(crate::cursor::decode)
            .transpose();
        let states = self
            .state
            .map_or_else(|| State::ALL.to_vec(), |state| vec![state.into()]);
        match (limit, cursor) {
            (Ok(limit), Ok(cursor)) => Ok((self.room_id, states, cursor, limit)),
            (limit, cursor) => Err([limit.err(), cursor.err()].into_iter().flatten().collect()),
        }
    }
}

/// Which parts of an upload to show.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PartsQuery {
    /// Parts with higher numbers only.
    pub parts_after: Option<u32>,
}
