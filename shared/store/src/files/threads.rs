//! A file in the threads of a room: put in, taken out.
//!
//! Parameters as place_parts.rs says; $11 is the thread, and its room is the room.

use domain::file::Refusal;
use domain::room::Action;
use domain::{ThreadId, room};
use uuid::Uuid;

use super::FileAct;
use super::place_answer::{Answered, InRoom, Place};
use super::place_parts::{Rules, in_room, lock, locked, log_there, shown_there};
use super::sql::file_json;
use crate::{Error, Store, flight};

const LOCK: &str = lock!("(select t.room_id from threads t where t.company_id = $1 and t.id = $3)");

/// The file, its place in the room of the thread and in the thread, which may be any but a deleted one.
macro_rules! in_thread {
    () => {
        in_room!(
            "(select t.room_id from threads t where t.company_id = $1 and t.id = $11 and t.status <> 'deleted')",
            ", t.status in ('active', 'resolved') as goes_on, i.file_id is not null as inside,
             i.added_by = $2 or f.uploader_id = $2 as put_in",
            "left join threads t on t.company_id = $1 and t.room_id = r.id and t.id = $11
             left join thread_files i on i.thread_id = t.id and i.file_id = f.id"
        )
    };
}

/// Before a file is put in where its room does not show it yet.
const SHOW: &str = concat!(
    in_thread!(),
    " and w.goes_on and not w.shown and f.status = 'available')",
    shown_there!()
);

const ADD: &str = concat!(
    in_thread!(),
    " and w.goes_on and w.shown and not w.inside and f.status = 'available'),
     put as (
         insert into thread_files (company_id, room_id, thread_id, file_id, added_by, added_at)
         select $1, w.there, $11, may.id, $2, $4 from may, w
         returning thread_id, file_id
     ),
     stirred as (
         update threads t set last_activity_at = greatest(t.last_activity_at, $4)
         from put where t.company_id = $1 and t.id = put.thread_id
     ),
     touched as (select may.* from may join put on put.file_id = may.id)",
    log_there!(
        "thread.file_added",
        concat!(
            "jsonb_build_object('thread_id', $11, 'file', ",
            file_json!(),
            ")"
        ),
        "'room', w.there, 'thread', $11"
    )
);

const REMOVE: &str = concat!(
    in_thread!(),
    " and w.goes_on and w.inside and (w.put_in or w.my_role = any ($12))),
     touched as (
         delete from thread_files i using may where i.company_id = $1 and i.thread_id = $11 and i.file_id = may.id
         returning i.file_id as id
     )",
    log_there!(
        "thread.file_removed",
        "jsonb_build_object('thread_id', $11, 'file_id', f.id)",
        "'room', w.there, 'thread', $11"
    )
);

impl Store {
    /// Puts a file into a thread whose room the actor may write in. The room shows it from then on: `shown` is a fresh
    /// id for the line of the audit log that says so.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn add_file_to_thread(
        &self,
        act: &FileAct<'_>,
        thread: ThreadId,
        shown: Uuid,
    ) -> Result<InRoom, Error> {
        let rules = Rules::of(Action::Write);
        let (show, add) = (
            rules.params(act, &shown, &thread.0),
            rules.params(act, &act.id, &thread.0),
        );
        let lock = locked(act, &thread.0);
        let db = self.db().await?;
        let (_, shown, added) = flight!(
            db,
            locked = db.rows(LOCK, &lock),
            shown = db.rows(SHOW, &show),
            added = db.rows(ADD, &add),
        )?;
        let shown = Answered::of(shown, Action::Write, "file.shown")?;
        let added = Answered::of(added, Action::Write, "thread.file_added")?;
        added.after(&shown)?.answer(|place| {
            Ok(match put_away(place)? {
                None if !place.is("inside")? => Some(Refusal::State(
                    "only an available file can be put into a thread",
                )),
                refusal => refusal,
            })
        })
    }

    /// Takes a file out of a thread; the room goes on to show it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn remove_file_from_thread(
        &self,
        act: &FileAct<'_>,
        thread: ThreadId,
    ) -> Result<InRoom, Error> {
        let rules = Rules::of(Action::Write);
        let params = rules.params(act, &act.id, &thread.0);
        let lock = locked(act, &thread.0);
        let db = self.db().await?;
        let (_, removed) = flight!(
            db,
            locked = db.rows(LOCK, &lock),
            removed = db.rows(REMOVE, &params),
        )?;
        let removed = Answered::of(removed, Action::Write, "thread.file_removed")?;
        removed.answer(|place| {
            Ok(match put_away(place)? {
                None if place.is("inside")? => Some(Refusal::Room(room::Refusal::Role)),
                refusal => refusal,
            })
        })
    }
}

fn put_away(place: &Place<'_>) -> Result<Option<Refusal>, Error> {
    Ok((!place.is("goes_on")?).then_some(Refusal::State("the thread is put away")))
}
