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
    /// It is done and logged in that room, by these events in their order.
    Done(Vec<FileEvent>),
    /// It was so already.
    Same,
    /// A rule stood in the way.
    Refused(Refusal),
}

/// The one row of a change in a room.
pub(super) struct Answered {
    row: Row,
    action: Action,
    kind: &'static str,
    /// What had to happen first.
    before: Option<FileEvent>,
}

/// How the file stands to the room: columns of `w`.
pub(super) struct Place<'a>(&'a Row);

impl Place<'_> {
    /// Whether something holds; what is not known does not.
    pub(super) fn is(&self, column: &str) -> Result<bool, Error> {
        Ok(self
            .0
            .try_get::<_, Option<bool>>(column)?
            .unwrap_or_default())
    }
}

impl Answered {
    /// The answer of a change that is `action` in the room and logs an event of this kind.
    pub(super) fn of(rows: Vec<Row>, action: Action, kind: &'static str) -> Result<Self, Error> {
        let row = rows.into_iter().next();
        Ok(Self {
            row: row.ok_or_else(|| Error::Corrupt("a change answered no row".into()))?,
            action,
            kind,
            before: None,
        })
    }

    /// The same, behind another change in the same flight.
    pub(super) fn after(self, first: &Self) -> Result<Self, Error> {
        let before = told(&first.row, first.kind)?;
        Ok(Self { before, ..self })
    }

    /// Tells done from refused: `more` says what else stood in the way of somebody who may do this there.
    pub(super) fn answer(
        self,
        more: impl FnOnce(&Place<'_>) -> Result<Option<Refusal>, Error>,
    ) -> Result<InRoom, Error> {
        if let Some(event) = told(&self.row, self.kind)? {
            return Ok(InRoom::Done(
                self.before.into_iter().chain([event]).collect(),
            ));
        }
        let refusal = match self.barred()? {
            Some(refusal) => Some(refusal),
            None => more(&Place(&self.row))?,
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
