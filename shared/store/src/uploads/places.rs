//! Places among those that send: who waits for one, and who gets one.

use domain::upload::{State, Step, Upload};
use domain::{BatchId, CompanyId, UploadId, UserId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{By, row};
use crate::{Error, Store, flight};

/// A waiting session for which S3 has begun a multipart upload.
#[derive(Debug, Clone)]
pub struct Start {
    /// The session.
    pub id: UploadId,
    /// S3's name for it.
    pub s3_upload_id: String,
    /// A line of the audit log.
    pub line: Uuid,
}

/// A batch of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// What it holds, in its order.
    pub uploads: Vec<Upload>,
}

/// The company's row keeps the number of those that send exact.
const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

const START: &str = concat!(
    "with places as (
         select greatest($7 - count(*), 0) as free from uploads up
         where up.company_id = $1 and up.uploader_id = $2 and up.state = 'in_progress'
     ),
     picked as (
         select up.id, up.state, wanted.s3, wanted.line
         from unnest($3::uuid[], $4::text[], $5::uuid[]) with ordinality wanted (id, s3, line, n)
         join uploads up on up.company_id = $1 and up.id = wanted.id and up.uploader_id = $2
              and up.state = any ($6) and up.s3_upload_id is null
         order by wanted.n limit (select free from places)
     ),
     started as (
         update uploads up set state = 'in_progress', s3_upload_id = picked.s3, last_activity_at = $8, expires_at = $9,
             join_asked_at = null
         from picked where up.company_id = $1 and up.id = picked.id
         returning ",
    row::columns!("up"),
    "),
     audited as (
         insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         select $1, picked.line, $8, $10, $11, 'upload', picked.id, $12, $13,
             jsonb_build_object('from', picked.state, 'to', 'in_progress')
         from picked
     )
     select * from started order by id"
);

/// Those of a person that wait, in order, as far as places are free.
const WAITING: &str = concat!(
    "select ",
    row::columns!("up"),
    " from uploads up
      where up.company_id = $1 and up.uploader_id = $2 and up.state = 'pending' and up.batch_id is not null
      order by up.id
      limit (select greatest($3 - count(*), 0) from uploads s
             where s.company_id = $1 and s.uploader_id = $2 and s.state = 'in_progress')"
);

/// One row without an upload tells that the batch is there and all of it was refused.
const BATCH: &str = concat!(
    "select b.created_at as batch_created_at, up.* from upload_batches b
     join users u on u.company_id = b.company_id and u.id = b.uploader_id and u.status = 'active'
     left join lateral (select ",
    row::columns!("up"),
    " from uploads up where up.company_id = $1 and up.batch_id = b.id) up on true
     where b.company_id = $1 and b.uploader_id = $2 and b.id = $3
     order by up.id"
);

impl Store {
    /// Gives waiting sessions of a person places, in order, as far as there are any. Answers those that got one: the
    /// others have ended, were started by somebody else, or still wait.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn start_uploads(
        &self,
        company: CompanyId,
        user: UserId,
        starts: &[Start],
        max_sending: u32,
        expires_at: OffsetDateTime,
        by: &By<'_>,
    ) -> Result<Vec<Upload>, Error> {
        let ids: Vec<Uuid> = starts.iter().map(|start| start.id.0).collect();
        let s3: Vec<&str> = starts.iter().map(|start| &*start.s3_upload_id).collect();
        let lines: Vec<Uuid> = starts.iter().map(|start| start.line).collect();
        let max_sending = i64::from(max_sending);
        let waiting = vec![State::Pending.as_str()];
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&ids as _, Type::UUID_ARRAY),
            (&s3 as _, Type::TEXT_ARRAY),
            (&lines as _, Type::UUID_ARRAY),
            (&waiting as _, Type::TEXT_ARRAY),
            (&max_sending as _, Type::INT8),
            (&by.origin.at as _, Type::TIMESTAMPTZ),
            (&expires_at as _, Type::TIMESTAMPTZ),
            (&by.actor.map(|actor| actor.0) as _, Type::UUID),
            (&Step::Start.audited() as _, Type::TEXT),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let db = self.db().await?;
        let (_, rows) = flight!(
            db,
            locked = db.rows(LOCK_COMPANY, &params[..1]),
            rows = db.rows(START, &params),
        )?;
        rows.iter().map(row::upload).collect()
    }

    /// Those of a person's uploads that wait and could have a place now, in order.
    ///
    /// # Errors
    /// As [`Store::start_uploads`].
    pub async fn waiting_uploads(
        &self,
        company: CompanyId,
        user: UserId,
        max_sending: u32,
    ) -> Result<Vec<Upload>, Error> {
        let max_sending = i64::from(max_sending);
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&max_sending as _, Type::INT8),
        ];
        let rows = self.db().await?.rows(WAITING, &params).await?;
        rows.iter().map(row::upload).collect()
    }

    /// A batch that `user` began; `None` when there is none.
    ///
    /// # Errors
    /// As [`Store::start_uploads`].
    pub async fn upload_batch(
        &self,
        company: CompanyId,
        user: UserId,
        batch: BatchId,
    ) -> Result<Option<Batch>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&batch.0 as _, Type::UUID),
        ];
        let rows = self.db().await?.rows(BATCH, &params).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let created_at = first.try_get("batch_created_at")?;
        let mut uploads = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<_, Option<Uuid>>("id")?.is_some() {
                uploads.push(row::upload(row)?);
            }
        }
        Ok(Some(Batch {
            created_at,
            uploads,
        }))
    }
}
