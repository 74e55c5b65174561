//! Links that share a file: made, listed, taken back, used.

use domain::file::{Action, Link, Refusal};
use domain::{LinkId, UserId};
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::read::content;
use super::sql::{content_columns, facts, file_columns, rule_holds, standing_columns};
use super::{Content, FileAct, Shared, rows};
use crate::uploads::By;
use crate::uploads::row::unsigned_32;
use crate::{Error, Store};

/// A link to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewLink<'a> {
    /// Its id.
    pub id: LinkId,
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
    /// How many downloads it is good for.
    pub max_downloads: Option<i32>,
}

macro_rules! link_columns {
    () => {
        "l.id as link_id, l.created_by as link_by, l.created_at as link_at, l.expires_at, l.max_downloads, \
         l.downloads as link_downloads, l.last_used_at, l.revoked_at"
    };
}

/// $14 id, $15 hash, $16 end, $17 how many downloads.
const CREATE: &str = concat!(
    "with ", facts!(), ",
     made as (
         insert into file_links (company_id, id, file_id, created_by, token_hash, expires_at, max_downloads, created_at)
         select $1, $14, f.id, $2, $15, $16, $17, $4 from found f, w where ", rule_holds!(), "
         returning *
     ),
     audited as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, $5, $4, $2, 'link.created', 'file', m.file_id, $6, $7,
             jsonb_build_object('link', m.id, 'expires_at', m.expires_at, 'max_downloads', m.max_downloads)
         from made m
     )
     select ", file_columns!(), ", ", standing_columns!(), ", ", link_columns!(), "
     from w left join found f on true left join made l on true"
);

/// $14: older than this one (null: from the newest), $15 how many.
const LIST: &str = concat!(
    "with ",
    facts!(),
    "
     select ",
    file_columns!(),
    ", ",
    standing_columns!(),
    ", ",
    link_columns!(),
    "
     from w left join found f on true
     left join lateral (
         select l.* from file_links l
         where l.file_id = f.id and ",
    rule_holds!(),
    " and ($14::uuid is null or l.id < $14)
         order by l.id desc limit $15
     ) l on true"
);

/// $14 the link. Its maker may always, with the right of the file's sender.
const REVOKE: &str = concat!(
    "with ", facts!(), ",
     link as (
         select l.* from file_links l, found f, w
         where l.company_id = $1 and l.id = $14 and l.file_id = f.id
           and (", rule_holds!(), " or (w.readable and l.created_by = $2))
     ),
     revoked as (
         update file_links l set revoked_at = $4, revoked_by = $2
         from link where l.id = link.id and l.revoked_at is null
         returning l.id
     ),
     audited as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, $5, $4, $2, 'link.revoked', 'file', $3, $6, $7, jsonb_build_object('link', r.id) from revoked r
     )
     select ", file_columns!(), ", ", standing_columns!(), ", l.id as link_id,
         exists (select from file_links a where a.company_id = $1 and a.id = $14 and a.file_id = f.id) as known
     from w left join found f on true left join link l on true"
);

/// One conditional update: however many come at once, no more than the limit are let through.
const USE: &str = concat!(
    "with used as (
         update file_links l set downloads = l.downloads + 1, last_used_at = $2
         from files f
         join blobs b on b.company_id = f.company_id and b.id = f.blob_id
         join companies c on c.id = f.company_id and c.deleted_at is null
         where l.token_hash = $1 and f.company_id = l.company_id and f.id = l.file_id
           and l.revoked_at is null and (l.expires_at is null or l.expires_at > $2)
           and (l.max_downloads is null or l.downloads < l.max_downloads)
           and f.status = 'available' and b.scan_status <> 'infected'
           and exists (select from file_places p join rooms r on r.id = p.room_id
                       where p.file_id = f.id and r.status <> 'deleted')
         returning l.id as link_id, f.*, b.key, ", content_columns!("b"), "
     ),
     counted as (
         update files f set downloads = f.downloads + 1 from used where f.id = used.id
     ),
     audited as (
         insert into audit_log (company_id, id, at, action, target_type, target_id, address, request_id, detail)
         select f.company_id, $3, $2, 'link.used', 'file', f.id, $4, $5, jsonb_build_object('link', f.link_id)
         from used f
     )
     select ", file_columns!(), ", f.key, f.content_type as asked_type, f.detected_type as asked_detected,
         true as available
     from used f"
);

impl Store {
    /// Makes a link to a file.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn create_link(
        &self,
        act: &FileAct<'_>,
        new: &NewLink<'_>,
    ) -> Result<Result<Link, Refusal>, Error> {
        let shared = Shared::new(Action::Share, &["available"]);
        let mut params = shared.params(act);
        params.extend([
            (&new.id.0 as _, Type::UUID),
            (&new.token_hash as _, Type::BYTEA),
            (&new.expires_at as _, Type::TIMESTAMPTZ),
            (&new.max_downloads as _, Type::INT4),
        ]);
        let rows = self.db().await?.rows(CREATE, &params).await?;
        let mut links = match links(&rows, act, &shared)? {
            Ok(links) => links,
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(links
            .pop()
            .ok_or(Refusal::State("the file cannot be shared now")))
    }

    /// The links of a file, newest first, for those who may make one.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn links(
        &self,
        act: &FileAct<'_>,
        (before, limit): (Option<LinkId>, i64),
    ) -> Result<Result<Vec<Link>, Refusal>, Error> {
        let shared = Shared::new(Action::Share, super::STANDING);
        let before = before.map(|id| id.0);
        let mut params = shared.params(act);
        params.extend([(&before as _, Type::UUID), (&limit as _, Type::INT8)]);
        let rows = self.db().await?.rows(LIST, &params).await?;
        links(&rows, act, &shared)
    }

    /// Takes a link back: from now on it leads nowhere. One that was taken back already is fine.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn revoke_link(
        &self,
        act: &FileAct<'_>,
        link: LinkId,
    ) -> Result<Result<(), Refusal>, Error> {
        // Who may delete the file may take its links back.
        let shared = Shared::new(Action::Delete, super::STANDING);
        let mut params = shared.params(act);
        params.push((&link.0 as _, Type::UUID));
        let rows = self.db().await?.rows(REVOKE, &params).await?;
        let row = first(&rows)?;
        let found = match rows::found(row, act.actor)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if row.try_get::<_, Option<uuid::Uuid>>("link_id")?.is_some() {
            return Ok(Ok(()));
        }
        let refusal = shared.refusal(row, &found)?;
        let known: bool = row.try_get("known")?;
        Ok(Err(match refusal {
            Some(refusal) if known => refusal,
            _ => Refusal::NoFile,
        }))
    }

    /// Uses a link once: where its file is; `None` when it leads nowhere, for whatever reason.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn use_link(&self, token_hash: &[u8], by: &By<'_>) -> Result<Option<Content>, Error> {
        let params = [
            (&token_hash as _, Type::BYTEA),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&by.line as _, Type::UUID),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let found = self.db().await?.row(USE, &params).await?;
        found.as_ref().map(content).transpose()
    }
}

/// The links of an answer, or why there are none to be seen.
fn links(
    rows: &[Row],
    act: &FileAct<'_>,
    shared: &Shared,
) -> Result<Result<Vec<Link>, Refusal>, Error> {
    let row = first(rows)?;
    let found = match rows::found(row, act.actor)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Some(refusal) = shared.refusal(row, &found)? {
        return Ok(Err(refusal));
    }
    let mut links = Vec::with_capacity(rows.len());
    for row in rows {
        if row.try_get::<_, Option<uuid::Uuid>>("link_id")?.is_some() {
            links.push(link(row)?);
        }
    }
    Ok(Ok(links))
}

fn first(rows: &[Row]) -> Result<&Row, Error> {
    rows.first()
        .ok_or_else(|| Error::Corrupt("a file's standing has no row".into()))
}

fn link(row: &Row) -> Result<Link, Error> {
    let max: Option<i32> = row.try_get("max_downloads")?;
    Ok(Link {
        id: LinkId(row.try_get("link_id")?),
        created_by: UserId(row.try_get("link_by")?),
        created_at: row.try_get("link_at")?,
        expires_at: row.try_get("expires_at")?,
        max_downloads: max.map(i32::unsigned_abs),
        downloads: unsigned_32(row, "link_downloads")?,
        last_used_at: row.try_get("last_used_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
