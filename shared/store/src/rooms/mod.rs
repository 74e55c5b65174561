//! Rooms and the people in them.
//!
//! Every change is one flight: the room's row is locked, then one statement reads who asks, decides by
//! the permission table, writes, takes the next number of the log and inserts the event (sql.rs).
//! It answers the facts that it saw; when nothing was logged, they say why (rows.rs).

mod change;
mod create;
mod list;
mod manage;
mod members;
mod read;
mod rows;
pub(crate) mod sql;

use domain::company::CompanyRole;
use domain::room::{Member, Refusal, Room, Rule, Seat};
use domain::{CompanyId, RoomId, UserId};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::rule::Words;
use crate::{Clash, Error, Origin, Params, Store, flight};

pub use list::{RoomsFilter, RoomsScope};
pub use members::Adding;

/// Someone changing a room.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Their company.
    pub company: CompanyId,
    /// The room.
    pub room: RoomId,
    /// Who they are.
    pub actor: UserId,
    /// A fresh id for the system message and the line of the audit log.
    pub id: Uuid,
    /// The call.
    pub origin: Origin<'a>,
}

/// A room as one person finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRoom {
    /// The room.
    pub room: Room,
    /// What the person is in the company.
    pub company_role: CompanyRole,
    /// Their place in the room, if they have one.
    pub seat: Option<Seat>,
    /// The newest message in the API's shape, for those who are in the room.
    pub last_message: Option<Value>,
}

/// An event that was just logged.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomEvent {
    /// Its number.
    pub seq: i64,
    /// Its type.
    pub kind: String,
    /// Its data, as clients get it.
    pub data: Value,
    /// The room right after it, in the API's shape.
    pub room: Value,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<T> {
    /// It is done and logged.
    Done(T, RoomEvent),
    /// Everything already was as asked.
    Same(T),
    /// A rule stood in the way.
    Refused(Refusal),
}

/// What a reader of a room gets, or why not.
pub type Answer<T> = Result<T, Refusal>;

/// Runs the statement of a change behind the room's lock, and answers its one row.
async fn locked(
    store: &Store,
    act: &Act<'_>,
    sql: &str,
    params: Params<'_>,
) -> Result<Changes, Error> {
    let lock = [
        (&act.company.0 as _, Type::UUID),
        (&act.room.0 as _, Type::UUID),
    ];
    let db = store.db().await?;
    let flown: Result<_, Error> = flight!(
        db,
        locked = db.rows(sql::LOCK, &lock),
        changed = db.rows(sql, params),
    );
    match flown {
        Ok((_, rows)) => one(rows).map(Changes::Row),
        Err(error) => match error.clash() {
            Some(Clash::RoomNameTaken) => Ok(Changes::NameTaken),
            _ => Err(error),
        },
    }
}

/// What the statement of a change came to.
enum Changes {
    /// Its one row: the facts, and the event if there is one.
    Row(Row),
    /// The name belongs to another room.
    NameTaken,
}

impl Changes {
    /// Tells done from refused: `refusal` says what, in the facts, stood in the way when nothing was logged
    /// (`None`: nothing, it was so already).
    fn answer<T>(
        self,
        read: impl FnOnce(&Row, FoundRoom) -> Result<T, Error>,
        refusal: impl FnOnce(&Row, &FoundRoom) -> Result<Option<Refusal>, Error>,
    ) -> Result<Changed<T>, Error> {
        let row = match self {
            Self::Row(row) => row,
            Self::NameTaken => return Ok(Changed::Refused(Refusal::NameTaken)),
        };
        let found = match rows::found(&row)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Changed::Refused(refusal)),
        };
        if let Some(logged) = rows::logged(&row)? {
            return Ok(Changed::Done(read(&row, found)?, logged));
        }
        match refusal(&row, &found)? {
            Some(refusal) => Ok(Changed::Refused(refusal)),
            None => Ok(Changed::Same(read(&row, found)?)),
        }
    }
}

/// The one row of a statement that always answers one.
fn one(rows: Vec<Row>) -> Result<Row, Error> {
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::Corrupt("a change answered no row".into()))
}

/// The parameters that all changes share, $1 to $11; a statement's own follow.
struct Shared {
    defaults: Value,
    rule: Words,
}

impl Shared {
    fn new(rule: Rule) -> Result<Self, Error> {
        Ok(Self {
            defaults: sql::default_settings()?,
            rule: rule.into(),
        })
    }

    fn params<'a>(
        &'a self,
        act: &'a Act<'a>,
    ) -> Vec<(&'a (dyn tokio_postgres::types::ToSql + Sync), Type)> {
        vec![
            (&act.company.0, Type::UUID),
            (&act.room.0, Type::UUID),
            (&act.actor.0, Type::UUID),
            (&act.origin.at, Type::TIMESTAMPTZ),
            (&act.id, Type::UUID),
            (&self.defaults, Type::JSONB),
            (&act.origin.address, Type::TEXT),
            (&act.origin.request_id, Type::TEXT),
            (&self.rule.roles, Type::TEXT_ARRAY),
            (&self.rule.accesses, Type::TEXT_ARRAY),
            (&self.rule.statuses, Type::TEXT_ARRAY),
        ]
    }
}

/// A page of members, one more than asked for when there are more.
pub type Members = Vec<Member>;
