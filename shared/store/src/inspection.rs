//! What the first bytes of an object said, and what follows from it.

use domain::file::File;
use domain::{CompanyId, FileId, RoomId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;

use crate::files::sql::{self, content_columns, file_columns, told};
use crate::files::{FileEvent, file, told};
use crate::previews::LOCK_ROOM;
use crate::uploads::row::corrupt;
use crate::{Error, Store, flight};

/// An object that was looked at, found by its key.
#[derive(Debug, Clone, Copy)]
pub struct Inspected {
    /// Its company.
    pub company: CompanyId,
    /// The room that it is or will be a file of.
    pub room: RoomId,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// The media type that the content has, when it shows.
    pub detected_type: Option<&'a str>,
    /// The blocked kind that it is, when it is one.
    pub blocked_as: Option<&'a str>,
}

/// Written on the upload for a completion that is still to come, and on the content for the files that it has.
const NOTE: &str = "
    with up as (
        update uploads set detected_type = $3, blocked_as = $4 where company_id = $1 and key = $2
    )
    update blobs set detected_type = $3, blocked_as = $4 where company_id = $1 and key = $2";

const QUARANTINE: &str = concat!(
    "with made as (
         update files set status = 'quarantined'
         where company_id = $1 and id = $2 and status = 'available'
         returning *
     ),
     moved as (
         update rooms r set last_seq = r.last_seq + 1
         from made
         where r.company_id = $1 and r.id in (select p.room_id from file_places p where p.file_id = made.id)
         returning r.id, r.last_seq
     ),
     logged as (
         insert into room_events (company_id, room_id, seq, type, payload, at)
         select $1, moved.id, moved.last_seq, 'file.quarantined',
             jsonb_build_object('file_id', made.id, 'status', made.status, 'blocked_as', b.blocked_as), $3
         from made, moved, blobs b where b.id = made.blob_id
         returning room_id, seq, payload
     ),
     audited as (
         insert into audit_log (company_id, id, at, action, target_type, target_id)
         select $1, $4, $3, 'file.quarantined', 'file', made.id from made
     )
     select told.rooms, told.seqs, told.payloads, ",
    file_columns!(),
    " from (select made.*, ",
    content_columns!("b"),
    " from made join blobs b on b.id = made.blob_id) f ",
    told!()
);

impl Store {
    /// The upload or content that an object's key belongs to; `None` for an object that is not ours.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn object(&self, key: &str) -> Result<Option<Inspected>, Error> {
        let found = self
            .db()
            .await?
            .row(
                "select company_id, room_id from uploads where key = $1",
                &[(&key, Type::TEXT)],
            )
            .await?;
        found
            .map(|row| {
                Ok(Inspected {
                    company: CompanyId(row.try_get("company_id")?),
                    room: RoomId(row.try_get("room_id")?),
                })
            })
            .transpose()
    }

    /// Writes down what was found, in order with a completion that may be under way: whichever comes second sees
    /// the other. Answers the files that stand available although their content is blocked.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn note_finding(
        &self,
        object: &Inspected,
        key: &str,
        finding: &Finding<'_>,
    ) -> Result<Vec<FileId>, Error> {
        let db = self.db().await?;
        let room = [
            (&object.company.0 as _, Type::UUID),
            (&object.room.0 as _, Type::UUID),
        ];
        let params = [
            (&object.company.0 as _, Type::UUID),
            (&key as _, Type::TEXT),
            (&finding.detected_type as _, Type::TEXT),
            (&finding.blocked_as as _, Type::TEXT),
        ];
        flight!(
            db,
            locked = db.rows(LOCK_ROOM, &room),
            noted = db.rows(NOTE, &params),
        )?;
        let rows = db
            .rows(
                "select f.id from files f join blobs b on b.id = f.blob_id
                 where b.company_id = $1 and b.key = $2 and b.blocked_as is not null and f.status = 'available'
                   and f.released_at is null",
                &params[..2],
            )
            .await?;
        rows.iter()
            .map(|row| Ok(FileId(row.try_get("id")?)))
            .collect()
    }

    /// Takes an available file away until an admin decides, with its event in every room that shows it. `None` when it
    /// was not available any more.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn quarantine(
        &self,
        company: CompanyId,
        id: FileId,
        at: OffsetDateTime,
        line: uuid::Uuid,
    ) -> Result<Option<(File, FileEvent)>, Error> {
        let db = self.db().await?;
        let params = [
            (&company.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&at as _, Type::TIMESTAMPTZ),
            (&line as _, Type::UUID),
        ];
        let (_, rows) = flight!(
            db,
            rooms_locked = db.rows(sql::LOCK, &params[..2]),
            rows = db.rows(QUARANTINE, &params),
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let event = told(row, "file.quarantined")?;
        let event = event.ok_or_else(|| corrupt("event", "not there"))?;
        Ok(Some((file(row)?, event)))
    }
}
