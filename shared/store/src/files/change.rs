//! Changing a file: what is said about it; deleting, restoring, letting through.

use domain::file::{Action, Change, RESTORABLE, Refusal};
use tokio_postgres::types::Type;

use super::sql::{facts, file_json, json_time_of, log, rule_holds};
use super::{FileAct, FileChanged, STANDING, Shared, locked};
use crate::{Error, Store};

/// What differs between `found` and the file `f`.
macro_rules! changes {
    () => {
        "(select to_jsonb(array_remove(array[
              case when o.name <> f.name then 'name' end,
              case when o.description <> f.description then 'description' end,
              case when o.metadata is distinct from f.metadata then 'metadata' end], null)) from found o)"
    };
}

/// The threads of the room `moved` that the file `f` is in: it comes back into them.
macro_rules! threads_there {
    () => {
        "(select coalesce(jsonb_agg(t.id order by t.id), '[]')
          from thread_files i join threads t on t.id = i.thread_id and t.status <> 'deleted'
          where i.file_id = f.id and t.room_id = moved.id)"
    };
}

/// $14 name, $15 and $16 what the search keeps of it, $17 description (null: leave), $18 whether $19 is the new
/// metadata, $20 the revision expected (null: any).
const CHANGE: &str = concat!(
    "with ", facts!(), ",
     may as (
         select f.id from found f, w where ", rule_holds!(), " and ($20::bigint is null or f.revision = $20)
     ),
     touched as (
         update files f
         set name = coalesce($14, f.name), search_text = coalesce($15, f.search_text), grams = coalesce($16, f.grams),
             description = coalesce($17, f.description), metadata = case when $18 then $19 else f.metadata end,
             revision = f.revision + 1
         from may
         where f.id = may.id
           and (coalesce($14, f.name) <> f.name or coalesce($17, f.description) <> f.description
                or ($18 and $19 is distinct from f.metadata))
         returning f.*
     )",
    log!(
        "'file.changed'",
        concat!("jsonb_build_object('file', ", file_json!(), ", 'changes', ", changes!(), ")"),
        concat!("jsonb_build_object('changes', ", changes!(), ")")
    )
);

const DELETE: &str = concat!(
    "with ", facts!(), ",
     touched as (
         update files f
         set status = 'deleted', deleted_from = f.status, deleted_at = $4, deleted_by = $2, revision = f.revision + 1
         from (select f.id from found f, w where ", rule_holds!(), ") may
         where f.id = may.id
         returning f.*
     ),
     unpinned as (
         delete from file_pins p using touched where p.file_id = touched.id
     )",
    log!(
        "'file.deleted'",
        concat!(
            "jsonb_build_object('file_id', f.id, 'revision', f.revision, 'deleted_by', f.deleted_by, 'deleted_at', ",
            json_time_of!("f", ".deleted_at"), ")"
        ),
        "'{}'::jsonb"
    )
);

/// $14: deleted after this, it can be had back.
const RESTORE: &str = concat!(
    "with ",
    facts!(),
    ",
     touched as (
         update files f
         set status = case
                 -- What was found out meanwhile: inspection may come after the deletion.
                 when may.blocked_as is not null and f.released_at is null then 'quarantined'
                 else coalesce(f.deleted_from, 'available')
             end,
             deleted_from = null, deleted_at = null, deleted_by = null, revision = f.revision + 1
         from (select f.id, f.blocked_as from found f, w where ",
    rule_holds!(),
    " and f.deleted_at > $14) may
         where f.id = may.id
         returning f.*
     )",
    log!(
        "'file.restored'",
        concat!(
            "jsonb_build_object('file', ",
            file_json!(),
            ", 'thread_ids', ",
            threads_there!(),
            ")"
        ),
        "'{}'::jsonb"
    )
);

const RELEASE: &str = concat!(
    "with ",
    facts!(),
    ",
     touched as (
         update files f
         set status = 'available', released_at = $4, revision = f.revision + 1
         from (select f.id from found f, w where ",
    rule_holds!(),
    ") may
         where f.id = may.id
         returning f.*
     )",
    log!(
        "'file.released'",
        concat!("jsonb_build_object('file', ", file_json!(), ")"),
        "jsonb_build_object('blocked_as', f.blocked_as)"
    )
);

impl Store {
    /// Changes what is said about a file, if it is at `revision` (any, when `None`).
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn change_file(
        &self,
        act: &FileAct<'_>,
        change: &Change,
        revision: Option<i64>,
    ) -> Result<FileChanged, Error> {
        let shared = Shared::new(Action::Change, STANDING);
        let name = change.name.as_ref().map(|name| name.as_str().to_owned());
        let (text, grams) = change.indexed().map_or((None, None), |indexed| {
            (Some(indexed.text), Some(indexed.grams))
        });
        let description = change
            .description
            .as_ref()
            .map(|text| text.as_str().to_owned());
        let (set, metadata) = match &change.metadata {
            None => (false, None),
            Some(metadata) => (true, metadata.as_ref().map(|it| it.as_value().clone())),
        };
        let mut params = shared.params(act);
        params.extend([
            (&name as _, Type::TEXT),
            (&text as _, Type::TEXT),
            (&grams as _, Type::INT4_ARRAY),
            (&description as _, Type::TEXT),
            (&set as _, Type::BOOL),
            (&metadata as _, Type::JSONB),
            (&revision as _, Type::INT8),
        ]);
        locked(
            self,
            act,
            &shared,
            ("file.changed", CHANGE),
            &params,
            |found| {
                let now = found.file.revision;
                let stale = revision.is_some_and(|revision| revision != now);
                stale.then_some(Refusal::Stale { revision: now })
            },
        )
        .await
    }

    /// Deletes a file: it can be had back for 30 days.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn delete_file(&self, act: &FileAct<'_>) -> Result<FileChanged, Error> {
        let shared = Shared::new(Action::Delete, STANDING);
        let params = shared.params(act);
        locked(
            self,
            act,
            &shared,
            ("file.deleted", DELETE),
            &params,
            |_| None,
        )
        .await
    }

    /// Takes a deleted file back, as it was.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn restore_file(&self, act: &FileAct<'_>) -> Result<FileChanged, Error> {
        let shared = Shared::new(Action::Delete, &["deleted"]);
        let since = act.origin.at - RESTORABLE;
        let mut params = shared.params(act);
        params.push((&since as _, Type::TIMESTAMPTZ));
        locked(
            self,
            act,
            &shared,
            ("file.restored", RESTORE),
            &params,
            |_| {
                // Its days are over, whether or not the reaper has come by.
                Some(Refusal::NoFile)
            },
        )
        .await
    }

    /// Lets a file through that was held back for its content.
    ///
    /// # Errors
    /// As [`Store::change_file`].
    pub async fn release_file(&self, act: &FileAct<'_>) -> Result<FileChanged, Error> {
        let shared = Shared::new(Action::Release, &["quarantined"]);
        let params = shared.params(act);
        locked(
            self,
            act,
            &shared,
            ("file.released", RELEASE),
            &params,
            |_| None,
        )
        .await
    }
}
