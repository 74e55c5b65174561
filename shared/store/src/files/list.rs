//! Lists of files, in one round trip: found by name, type, sender, size and date; deleted, held back, pinned ones.

use domain::file::{File, Filter, Media, RESTORABLE, State};
use domain::room::Action;
use domain::{CompanyId, UserId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::sql::{content_columns, file_columns, readable_file, readable_rooms};
use super::{List, file};
use crate::rule::Words;
use crate::{Error, Store};

/// The first row has no file; no row at all tells that the room is not there. $1 company, $2 who asks, $3 room, $4 older
/// than this, $5 how many, $6 patterns of the name, $7 grams, $8 patterns of the type, $9 the type, $10 sender, $11
/// state, $12 and $13 sizes, $14 and $15 times.
const FIND: &str = concat!(
    "select ", file_columns!(), "
     from find_files_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as place (id)
     left join (
         select f.*, ", content_columns!("b"), " from files f join blobs b on b.id = f.blob_id
     ) f on f.id = place.id
     order by f.id desc nulls first"
);

/// Files of one state that few may see. The same parameters, and $16 the roles that manage others' files, $17 since when
/// what was deleted can be restored. One row at least for somebody who is active.
macro_rules! aside_of {
    ($status:literal, $who:expr) => {
        concat!(
            "select ",
            file_columns!(),
            "
             from users u
             left join lateral (
                 select f.*, ",
            content_columns!("b"),
            "
                 from files f
                 join blobs b on b.id = f.blob_id
                 join rooms r on r.id = f.room_id and r.status <> 'deleted'
                 left join room_members m on m.room_id = r.id and m.user_id = u.id
                 where f.company_id = $1 and f.status = '",
            $status,
            "'
                   and ($3::uuid is null or f.room_id = $3) and ($4::uuid is null or f.id < $4)
                   and file_fits_1(f, $6, $8, $10, $11, $12, $13, $14, $15)
                   and ",
            $who,
            "
                 order by f.id desc limit $5
             ) f on true
             where u.company_id = $1 and u.id = $2 and u.status = 'active'
             order by f.id desc"
        )
    };
}

const DELETED: &str = aside_of!(
    "deleted",
    "f.deleted_at > $17 and ((u.role in ('owner', 'admin') and r.type <> 'direct')
         or m.role = any ($16) or (f.uploader_id = u.id and m.user_id is not null))"
);

const QUARANTINED: &str = aside_of!(
    "quarantined",
    concat!(
        "((u.role in ('owner', 'admin') and r.type <> 'direct') or ",
        readable_file!("f.id"),
        ")"
    )
);

const PINNED: &str = concat!(
    "select ",
    file_columns!(),
    "
     from (select r.id from ",
    readable_rooms!(),
    " and r.id = $3) room
     left join lateral (
         select f.*, ",
    content_columns!("b"),
    "
         from file_pins n join files f on f.id = n.file_id join blobs b on b.id = f.blob_id
         where n.room_id = room.id and f.status <> 'deleted' and ($4::uuid is null or f.id < $4)
           and file_fits_1(f, $6, $8, $10, null, $12, $13, $14, $15)
         order by f.id desc limit $5
     ) f on true
     order by f.id desc"
);

impl Store {
    /// A page of files as `user` finds them at `now`; `None` when the room is not there for them.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn files(
        &self,
        company: CompanyId,
        user: UserId,
        filter: &Filter,
        now: OffsetDateTime,
    ) -> Result<Option<Vec<File>>, Error> {
        let room = filter.room.map(|id| id.0);
        let before = filter.before.map(|id| id.0);
        let query = filter.query.as_ref();
        let (likes, grams) = query.map_or_else(Default::default, |it| (it.patterns(), it.grams()));
        let media = filter.media.as_ref();
        let (types, media) = (media.map(Media::patterns), media.map(Media::as_str));
        let uploader = filter.uploader.map(|id| id.0);
        let state = match filter.state {
            State::Available => Some("available"),
            State::Standing | State::Quarantined | State::Deleted | State::Pinned => None,
        };
        let managers = Words::from(Action::ManageFiles.rule()).roles;
        let since = now - RESTORABLE;
        let mut params: List<'_> = vec![
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&room as _, Type::UUID),
            (&before as _, Type::UUID),
            (&filter.limit as _, Type::INT8),
            (&likes as _, Type::TEXT_ARRAY),
            (&grams as _, Type::INT4_ARRAY),
            (&types as _, Type::TEXT_ARRAY),
            (&media as _, Type::TEXT),
            (&uploader as _, Type::UUID),
            (&state as _, Type::TEXT),
            (&filter.least as _, Type::INT8),
            (&filter.most as _, Type::INT8),
            (&filter.since as _, Type::TIMESTAMPTZ),
            (&filter.until as _, Type::TIMESTAMPTZ),
        ];
        let sql = match filter.state {
            State::Standing | State::Available => FIND,
            State::Pinned => PINNED,
            State::Quarantined => QUARANTINED,
            State::Deleted => DELETED,
        };
        if matches!(filter.state, State::Quarantined | State::Deleted) {
            params.push((&managers as _, Type::TEXT_ARRAY));
            params.push((&since as _, Type::TIMESTAMPTZ));
        }
        let rows = self.db().await?.rows(sql, &params).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<Uuid>>("id")?.is_some() {
                found.push(file(row)?);
            }
        }
        Ok(Some(found))
    }
}
