//! A file in one of the rooms that show it: shown there, taken away, pinned, unpinned.
//!
//! Parameters as place_parts.rs says; $11 is the room.

use domain::file::{MAX_PINS, Refusal};
use domain::room::Action;
use domain::{RoomId, room};

use super::FileAct;
use super::place_answer::{Answered, InRoom};
use super::place_parts::{Rules, in_room, lock, locked, log_there, shown_there};
use super::sql::json_time_of;
use crate::{Error, Store, flight};

const LOCK: &str = lock!("$3");

const SHOW: &str = concat!(
    in_room!("$11", "", ""),
    " and not w.shown and f.status = 'available')",
    shown_there!()
);

const HIDE: &str = concat!(
    in_room!("$11", "", ""),
    " and w.shown and not w.home and (w.mine or w.my_role = any ($12))),
     touched as (
         delete from file_places p using may where p.room_id = $11 and p.file_id = may.id
         returning p.file_id as id
     ),
     unpinned as (
         delete from file_pins n using touched where n.room_id = $11 and n.file_id = touched.id
     )",
    log_there!("file.hidden", "jsonb_build_object('file_id', f.id)")
);

const PIN: &str = concat!(
    in_room!("$11", "", ""),
    " and w.shown and not w.pinned and w.pins < $13),
     touched as (
         insert into file_pins (company_id, room_id, file_id, pinned_by, pinned_at)
         select $1, $11, may.id, $2, $4 from may
         returning file_id as id, pinned_by, pinned_at
     )",
    log_there!(
        "file.pinned",
        concat!(
            "jsonb_build_object('file_id', f.id, 'pinned_by', f.pinned_by, 'pinned_at', ",
            json_time_of!("f", ".pinned_at"),
            ")"
        )
    )
);

const UNPIN: &str = concat!(
    in_room!("$11", "", ""),
    "),
     touched as (
         delete from file_pins n using may where n.room_id = $11 and n.file_id = may.id
         returning n.file_id as id
     )",
    log_there!("file.unpinned", "jsonb_build_object('file_id', f.id)")
);

/// A statement and the kind of the event that it logs.
type Statement = (&'static str, &'static str);

impl Store {
    /// Shows a file in another room, where the actor may write.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn show_file(&self, act: &FileAct<'_>, room: RoomId) -> Result<InRoom, Error> {
        let done = self
            .in_room(act, room, Action::Write, ("file.shown", SHOW))
            .await?;
        done.answer(|place| {
            Ok((!place.is("shown")?).then_some(Refusal::State(
                "only an available file can be shown in more rooms",
            )))
        })
    }

    /// Takes a file away from a room that it was put into, and so from that room's threads; its own room keeps it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn hide_file(&self, act: &FileAct<'_>, room: RoomId) -> Result<InRoom, Error> {
        let done = self
            .in_room(act, room, Action::Write, ("file.hidden", HIDE))
            .await?;
        done.answer(|place| {
            Ok(if place.is("home")? {
                Some(Refusal::State(
                    "the file belongs to this room: delete it instead",
                ))
            } else {
                place
                    .is("shown")?
                    .then_some(Refusal::Room(room::Refusal::Role))
            })
        })
    }

    /// Pins a file in a room that shows it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn pin_file(&self, act: &FileAct<'_>, room: RoomId) -> Result<InRoom, Error> {
        let done = self
            .in_room(act, room, Action::Pin, ("file.pinned", PIN))
            .await?;
        done.answer(|place| {
            Ok(if place.is("shown")? {
                (!place.is("pinned")?).then_some(Refusal::Pins { limit: MAX_PINS })
            } else {
                Some(Refusal::NoFile)
            })
        })
    }

    /// Unpins it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn unpin_file(&self, act: &FileAct<'_>, room: RoomId) -> Result<InRoom, Error> {
        let done = self
            .in_room(act, room, Action::Pin, ("file.unpinned", UNPIN))
            .await?;
        done.answer(|_| Ok(None))
    }

    async fn in_room(
        &self,
        act: &FileAct<'_>,
        room: RoomId,
        action: Action,
        (kind, sql): Statement,
    ) -> Result<Answered, Error> {
        let rules = Rules::of(action);
        let params = rules.params(act, &act.id, &room.0);
        let lock = locked(act, &room.0);
        let db = self.db().await?;
        let (_, rows) = flight!(
            db,
            locked = db.rows(LOCK, &lock),
            changed = db.rows(sql, &params),
        )?;
        Answered::of(rows, action, kind)
    }
}
