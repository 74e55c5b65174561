//! Files: found, looked at, downloaded, changed, deleted.
//!
//! Every change is one flight: all rooms that show the file are locked, in one order, then one statement reads who
//! asks, decides by the permission table, writes, and logs one event in each of those rooms (sql.rs). It answers what
//! it saw; when nothing was logged, that says why (rows.rs).

mod change;
mod links;
mod list;
mod place_answer;
mod place_parts;
mod places;
mod read;
mod rows;
pub(crate) mod sql;
mod threads;
pub(crate) mod upkeep;
pub(crate) mod versions;

use domain::file::{Action, FileRule, Refusal, Status, check};
use domain::{CompanyId, FileId, UserId};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::rule::Words;
use crate::{Error, Origin, Store, flight};

pub use links::NewLink;
pub use place_answer::InRoom;
pub use read::Content;
pub use rows::{FileChanged, FileEvent, FoundFile};
pub(crate) use rows::{file, preview, told};
pub use upkeep::{Expired, ToTier};
pub use versions::Versions;

/// Someone doing something to a file.
#[derive(Debug, Clone, Copy)]
pub struct FileAct<'a> {
    /// Their company.
    pub company: CompanyId,
    /// The file.
    pub file: FileId,
    /// Who they are.
    pub actor: UserId,
    /// A fresh id for the line of the audit log.
    pub id: Uuid,
    /// The call.
    pub origin: Origin<'a>,
}

/// Parameters with their types, in a list that grows.
type List<'a> = Vec<(&'a (dyn ToSql + Sync), Type)>;

/// The states of a file that people see.
const STANDING: &[&str] = &["available", "quarantined"];

/// The parameters that all changes share, $1 to $13; a statement's own follow.
struct Shared {
    action: Action,
    own: Vec<&'static str>,
    others: Vec<&'static str>,
    accesses: Vec<&'static str>,
    statuses: Vec<&'static str>,
    administrators: bool,
    states: &'static [&'static str],
}

impl Shared {
    /// For `action` on a file in one of these `states`.
    fn new(action: Action, states: &'static [&'static str]) -> Self {
        let rule: Option<FileRule> = action.rule();
        let roles = |action: Option<domain::room::Action>| {
            action.map_or_else(Vec::new, |action| Words::from(action.rule()).roles)
        };
        // What only administrators do asks nothing of the room but that it is not deleted.
        let room = rule.map_or(domain::room::Action::Read, |rule| rule.own);
        let room = Words::from(room.rule());
        Self {
            action,
            own: roles(rule.map(|rule| rule.own)),
            others: roles(rule.and_then(|rule| rule.others)),
            accesses: room.accesses,
            statuses: room.statuses,
            administrators: rule.is_none_or(|rule| rule.administrators),
            states,
        }
    }

    fn params<'a>(&'a self, act: &'a FileAct<'a>) -> List<'a> {
        vec![
            (&act.company.0, Type::UUID),
            (&act.actor.0, Type::UUID),
            (&act.file.0, Type::UUID),
            (&act.origin.at, Type::TIMESTAMPTZ),
            (&act.id, Type::UUID),
            (&act.origin.address, Type::TEXT),
            (&act.origin.request_id, Type::TEXT),
            (&self.own, Type::TEXT_ARRAY),
            (&self.others, Type::TEXT_ARRAY),
            (&self.accesses, Type::TEXT_ARRAY),
            (&self.statuses, Type::TEXT_ARRAY),
            (&self.administrators, Type::BOOL),
            (&self.states, Type::TEXT_ARRAY),
        ]
    }

    /// Why somebody who found the file may not, if so: who may not read it and does not administer it does not learn
    /// that it is there.
    fn refusal(
        &self,
        row: &tokio_postgres::Row,
        found: &FoundFile,
    ) -> Result<Option<Refusal>, Error> {
        let readable: bool = row.try_get("readable")?;
        let standing = &found.standing;
        let administers = self.administrators
            && standing.company.administers()
            && standing.kind != domain::room::Kind::Direct;
        let gone = found.file.status == Status::Deleted && !self.states.contains(&"deleted");
        if gone || !(readable || administers) {
            return Ok(Some(Refusal::NoFile));
        }
        if let Err(why) = check(standing, self.action) {
            return Ok(Some(Refusal::Room(why)));
        }
        Ok((!self.states.contains(&found.file.status.as_str()))
            .then_some(Refusal::State("the file is not in a state for this")))
    }
}

/// Runs the statement of a change behind the locks of the file's rooms. `more` says what else, in the file that was
/// found, stood in the way when nothing was logged.
async fn locked(
    store: &Store,
    act: &FileAct<'_>,
    shared: &Shared,
    (kind, sql): (&'static str, &str),
    params: &List<'_>,
    more: impl FnOnce(&FoundFile) -> Option<Refusal>,
) -> Result<FileChanged, Error> {
    let lock = [
        (&act.company.0 as _, Type::UUID),
        (&act.file.0 as _, Type::UUID),
    ];
    let db = store.db().await?;
    let (_, rows) = flight!(
        db,
        locked = db.rows(sql::LOCK, &lock),
        changed = db.rows(sql, params),
    )?;
    let row = rows
        .first()
        .ok_or_else(|| Error::Corrupt("a change answered no row".into()))?;
    let found = match rows::found(row, act.actor)? {
        Ok(found) => found,
        Err(refusal) => return Ok(FileChanged::Refused(refusal)),
    };
    if let Some(event) = told(row, kind)? {
        return Ok(FileChanged::Done(found, event));
    }
    Ok(
        match shared.refusal(row, &found)?.or_else(|| more(&found)) {
            Some(refusal) => FileChanged::Refused(refusal),
            None => FileChanged::Same(found),
        },
    )
}
