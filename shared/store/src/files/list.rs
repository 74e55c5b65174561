//! Lists of files, in one round trip: found by name, type, sender, size and date; deleted, held back, pinned ones; a
//! thread's.

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

/// The first row has no file; no row at all tells that the room is not there. $1 company, $2 who asks, $3 room, $4
/// older than this, $5 how many, $6 patterns of the name, $7 grams, $8 patterns of the type, $9 the type, $10 sender,
/// $11 state, $12 and $13 sizes, $14 and $15 times.
const FIND: &str = concat!(
    "select ", file_columns!(), "
     from find_files_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as place (id)
     left join (
         select f.*, ", content_columns!("b"), " from files f join blobs b on b.id = f.blob_id
     ) f on f.id = place.id
     order by f.id desc nulls first"
);

/// Files of one state that few may see. The same parameters, and $16 the roles that manage others' files, $17 since
/// when what was deleted can be restored. One row at least for somebody who is active.
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

/// Those of the thread $16, for who may read its room. Few enough to be looked at one by one.
const IN_THREAD: &str = concat!(
    "select ",
    file_columns!(),
    "
     from (select t.id from threads t, ",
    readable_rooms!(),
    " and r.id = t.room_id and t.company_id = $1 and t.id = $16 and t.status <> 'deleted'
       and ($3::uuid is null or r.id = $3)) thread
     left join lateral (
         select f.*, ",
    content_columns!("b"),
    "
         from thread_files i join files f on f.id = i.file_id join blobs b on b.id = f.blob_id
         where i.thread_id = thread.id and f.status <> 'deleted' and ($4::uuid is null or f.id < $4)
           and file_fits_1(f, $6, $8, $10, $11, $12, $13, $14, $15)
         order by f.id desc limit $5
     ) f on true
     order by f.id desc"
);

/// A filter in the words of the statements.
struct Asked<'a> {
    filter: &'a Filter,
    room: Option<Uuid>,
    thread: Option<Uuid>,
    before: Option<Uuid>,
    likes: Vec<String>,
    grams: Vec<i32>,
    types: Option<Vec<String>>,
    media: Option<&'a str>,
    uploader: Option<Uuid>,
    state: Option<&'static str>,
    managers: Vec<&'static str>,
    since: OffsetDateTime,
}

impl Store {
    /// A page of files as `user` finds them at `now`; `None` when the room or the thread is not there for them.
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
        let asked = Asked::of(filter, now);
        let params = asked.params(&company, &user);
        let rows = self.db().await?.rows(asked.statement(), &params).await?;
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

impl<'a> Asked<'a> {
    fn of(filter: &'a Filter, now: OffsetDateTime) -> Self {
        let query = filter.query.as_ref();
        let (likes, grams) = query.map_or_else(Default::default, |it| (it.patterns(), it.grams()));
        let media = filter.media.as_ref();
        Self {
            filter,
            room: filter.room.map(|id| id.0),
            thread: filter.thread.map(|id| id.0),
            before: filter.before.map(|id| id.0),
            likes,
            grams,
            types: media.map(Media::patterns),
            media: media.map(Media::as_str),
            uploader: filter.uploader.map(|id| id.0),
            state: match filter.state {
                State::Available => Some("available"),
                State::Quarantined => Some("quarantined"),
                State::Standing | State::Deleted | State::Pinned => None,
            },
            managers: Words::from(Action::ManageFiles.rule()).roles,
            since: now - RESTORABLE,
        }
    }

    /// The statement for the state, or for the thread. None is asked for a thread's deleted or pinned files.
    fn statement(&self) -> &'static str {
        match self.filter.state {
            _ if self.thread.is_some() => IN_THREAD,
            State::Standing | State::Available => FIND,
            State::Pinned => PINNED,
            State::Quarantined => QUARANTINED,
            State::Deleted => DELETED,
        }
    }

    /// $1 to $15, and those that only this statement has.
    fn params(&'a self, company: &'a CompanyId, user: &'a UserId) -> List<'a> {
        let mut params: List<'_> = vec![
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&self.room as _, Type::UUID),
            (&self.before as _, Type::UUID),
            (&self.filter.limit as _, Type::INT8),
            (&self.likes as _, Type::TEXT_ARRAY),
            (&self.grams as _, Type::INT4_ARRAY),
            (&self.types as _, Type::TEXT_ARRAY),
            (&self.media as _, Type::TEXT),
            (&self.uploader as _, Type::UUID),
            (&self.state as _, Type::TEXT),
            (&self.filter.least as _, Type::INT8),
            (&self.filter.most as _, Type::INT8),
            (&self.filter.since as _, Type::TIMESTAMPTZ),
            (&self.filter.until as _, Type::TIMESTAMPTZ),
        ];
        if self.thread.is_some() {
            params.push((&self.thread as _, Type::UUID));
        } else if matches!(self.filter.state, State::Quarantined | State::Deleted) {
            params.push((&self.managers as _, Type::TEXT_ARRAY));
            params.push((&self.since as _, Type::TIMESTAMPTZ));
        }
        params
    }
}
