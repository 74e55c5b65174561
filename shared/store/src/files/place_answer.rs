//! What became of a change of a file in one room.

use domain::company::CompanyRole;
use domain::file::Refusal;
use domain::room::{self, Access, Action, Kind, Role, Status, check, visible};
use tokio_postgres::Row;

use super::{FileEvent, told};
use crate::Error;
use crate::uploads::row::corrupt;

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum InRoom {
    /// It is done and logged in that room.
    Done(FileEvent),
    /// It was so already.
    Same,
    /// A rule stood in the way.
    Refused(Refusal),
}

/// The one row of a change in a room.
pub(super) struct Answered {
    pub(super) row: Row,
    pub(super) action: Action,
    pub(super) kind: &'static str,
}

/// How the file stands to the room.
pub(super) struct Place {
    pub(super) shown: bool,
    pub(super) home: bool,
    pub(super) pinned: bool,
}

impl Answered {
    /// Tells done from refused: `more` says what else stood in the way of somebody who may do this there.
    pub(super) fn answer(
        self,
        more: impl FnOnce(&Place) -> Option<Refusal>,
    ) -> Result<InRoom, Error> {
        if let Some(event) = told(&self.row, self.kind)? {
            return Ok(InRoom::Done(event));
        }
        let refusal = match self.barred()? {
            Some(refusal) => Some(refusal),
            None => more(&Place {
                shown: self.row.try_get("shown")?,
                home: self
                    .row
                    .try_get::<_, Option<bool>>("home")?
                    .unwrap_or_default(),
                pinned: self.row.try_get("pinned")?,
            }),
        };
        Ok(refusal.map_or(InRoom::Same, InRoom::Refused))
    }

    fn barred(&self) -> Result<Option<Refusal>, Error> {
        let row = &self.row;
        let text = |column: &str| row.try_get::<_, Option<&str>>(column);
        let Some(company) = text("company_role")? else {
            return Ok(Some(Refusal::Inactive));
        };
        let company = company
            .parse::<CompanyRole>()
            .map_err(|why| Error::Corrupt(why.to_string()))?;
        let found: bool = row.try_get("found")?;
        let readable: bool = row.try_get("readable")?;
        let (Some(kind), Some(status), true) =
            (text("room_type")?, text("room_status")?, found && readable)
        else {
            return Ok(Some(Refusal::NoFile));
        };
        let kind = Kind::parse(kind).ok_or_else(|| corrupt("room_type", kind))?;
        let status = Status::parse(status).ok_or_else(|| corrupt("room_status", status))?;
        let seat = text("my_role")?
            .and_then(Role::parse)
            .zip(text("my_access")?.and_then(Access::parse));
        Ok(match seat {
            Some((role, access)) => check(role, access, status, self.action)
                .err()
                .map(Refusal::Room),
            None if visible(kind, company, None) => Some(Refusal::Room(room::Refusal::NotMember)),
            None => Some(Refusal::NoFile),
        })
    }
}
