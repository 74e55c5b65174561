//! The begin of an upload: every check and the reservation of quota in one flight.

use domain::company::Plan as CompanyPlan;
use domain::room::{self, Access, Action, Role, Status};
use domain::upload::{ContentType, Refusal, Step, Storage, Upload};
use domain::{CompanyId, UploadId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::By;
use super::row::{self, corrupt, signed, unsigned};
use crate::{Error, Store, flight};

/// What an upload begins with.
#[derive(Debug, Clone)]
pub struct NewUpload<'a> {
    /// The session as it will stand, pending.
    pub upload: &'a Upload,
    /// The declared type, for the room's list of allowed ones.
    pub content_type: &'a ContentType,
    /// Most uploads that the person may be sending, this one included.
    pub max_sending: u32,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It stands, pending, and its bytes are reserved. What the company has now.
    Pending(Storage),
    /// Nothing changed.
    Refused(Refusal),
}

/// The company's row lock makes the quota and the count of uploads exact under any number of begins at once;
/// everything is read after it, in a fresh snapshot. The room comes first, as everywhere.
const LOCK_ROOM: &str = "select 1 from rooms where company_id = $1 and id = $2 for key share";
const LOCK_COMPANY: &str = "select 1 from companies where id = $1 for no key update";

const BEGIN: &str = "
    with place as (
        select r.status, r.settings, m.role, m.access
        from rooms r
        join users u on u.company_id = r.company_id and u.id = $3 and u.status = 'active'
        left join room_members m on m.company_id = r.company_id and m.room_id = r.id and m.user_id = u.id
        where r.company_id = $1 and r.id = $2 and r.status <> 'deleted'
          and (m.user_id is not null or (r.type = 'public' and u.role <> 'guest'))
    ),
    purse as (
        select c.storage_used, c.storage_reserved, plans.file_limit, plans.total
        from companies c
        join unnest($19::text[], $20::bigint[], $21::bigint[]) as plans (plan, file_limit, total) on plans.plan = c.plan
        where c.id = $1 and c.deleted_at is null
    ),
    verdict as (
        select purse.*, (place.settings ->> 'storage_limit_bytes')::bigint as room_limit, place.role, place.access,
            place.status,
            case when place.settings ->> 'storage_limit_bytes' is null then 0 else
                (select coalesce(sum(f.size), 0) from files f where f.room_id = $2 and f.status <> 'deleted')
                + (select coalesce(sum(up.reserved), 0) from uploads up where up.room_id = $2 and up.reserved > 0)
            end::bigint as room_used,
            case
                when place.role is null or place.role <> all ($15) or place.access <> all ($16)
                     or place.status <> all ($17) then 'room'
                when not coalesce((place.settings ->> 'uploads')::boolean, true) then 'uploads_off'
                when jsonb_typeof(place.settings -> 'allowed_types') = 'array'
                     and not lower(place.settings ->> 'allowed_types')::jsonb ?| $18 then 'type'
                when $9 > purse.file_limit then 'file_size'
                when (select count(*) from uploads up
                      where up.company_id = $1 and up.uploader_id = $3 and up.state in ('pending', 'in_progress')) >= $22
                     then 'sending'
                when purse.storage_used + purse.storage_reserved + $9 > purse.total then 'quota'
                else 'ok'
            end as outcome
        from place, purse
    ),
    judged as (
        select verdict.*, case
            when outcome = 'ok' and room_used + $9 > room_limit then 'room_quota' else outcome end as final
        from verdict
    ),
    kept as (
        insert into uploads (company_id, id, room_id, uploader_id, state, name, content_type, size, checksum, part_size,
            part_count, blob_id, key, reserved, created_at, last_activity_at, expires_at)
        select $1, $4, $2, $3, 'pending', $7, $8, $9, $10, $11, $12, $5, $6, $9, $13, $13, $14
        from judged where final = 'ok'
    ),
    reserved as (
        update companies c set storage_reserved = c.storage_reserved + $9
        from judged where c.id = $1 and final = 'ok'
    ),
    audited as (
        insert into audit_log (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
        select $1, $23, $13, $3, 'upload.begun', 'upload', $4, $24, $25
        from judged where final = 'ok'
    )
    select * from judged";

/// Only a session that is still pending takes a multipart upload; the first one wins.
const START: &str = concat!(
    "update uploads up set state = 'in_progress', s3_upload_id = $3
     where up.company_id = $1 and up.id = $2 and up.state = any ($4) and up.s3_upload_id is null
     returning ",
    row::columns!("up")
);

impl Store {
    /// Begins an upload, if its uploader may: reserves its bytes and writes it down as pending.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn begin_upload(&self, new: &NewUpload<'_>, by: &By<'_>) -> Result<Begun, Error> {
        let up = new.upload;
        let [roles, accesses, statuses] = row::may_upload();
        let patterns = &new.content_type.patterns()[..];
        let (plans, file_limits, totals) = plans();
        let (size, part_size) = (signed(up.plan.size), signed(up.plan.part_size));
        let part_count = up.plan.part_count.cast_signed();
        let max_sending = i64::from(new.max_sending);
        let params = [
            (&up.company.0 as _, Type::UUID),
            (&up.room.0 as _, Type::UUID),
            (&up.uploader.0 as _, Type::UUID),
            (&up.id.0 as _, Type::UUID),
            (&up.blob.0 as _, Type::UUID),
            (&up.key as _, Type::TEXT),
            (&up.name as _, Type::TEXT),
            (&up.content_type as _, Type::TEXT),
            (&size as _, Type::INT8),
            (&up.checksum.as_str() as _, Type::TEXT),
            (&part_size as _, Type::INT8),
            (&part_count as _, Type::INT4),
            (&up.created_at as _, Type::TIMESTAMPTZ),
            (&up.expires_at as _, Type::TIMESTAMPTZ),
            (&roles as _, Type::TEXT_ARRAY),
            (&accesses as _, Type::TEXT_ARRAY),
            (&statuses as _, Type::TEXT_ARRAY),
            (&patterns as _, Type::TEXT_ARRAY),
            (&plans as _, Type::TEXT_ARRAY),
            (&file_limits as _, Type::INT8_ARRAY),
            (&totals as _, Type::INT8_ARRAY),
            (&max_sending as _, Type::INT8),
            (&by.line as _, Type::UUID),
            (&by.origin.address as _, Type::TEXT),
            (&by.origin.request_id as _, Type::TEXT),
        ];
        let db = self.db().await?;
        let room = [
            (&up.company.0 as _, Type::UUID),
            (&up.room.0 as _, Type::UUID),
        ];
        let company = [(&up.company.0 as _, Type::UUID)];
        let (_, _, judged) = flight!(
            db,
            room_locked = db.rows(LOCK_ROOM, &room),
            company_locked = db.rows(LOCK_COMPANY, &company),
            judged = db.rows(BEGIN, &params),
        )?;
        match judged.first() {
            None => Ok(Begun::Refused(Refusal::NoRoom)),
            Some(row) => begun(row, new),
        }
    }

    /// Notes the multipart upload that S3 began for a pending session. `None` when the session is not pending any
    /// more: somebody else was first, or it ended.
    ///
    /// # Errors
    /// As [`Store::begin_upload`].
    pub async fn start_upload(
        &self,
        company: CompanyId,
        id: UploadId,
        s3_upload_id: &str,
    ) -> Result<Option<Upload>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&id.0 as _, Type::UUID),
            (&s3_upload_id as _, Type::TEXT),
            (&Step::Start.sources() as _, Type::TEXT_ARRAY),
        ];
        let found = self.db().await?.row(START, &params).await?;
        found.as_ref().map(row::upload).transpose()
    }
}

/// Every plan's name, its largest file and its limit in all.
fn plans() -> (Vec<&'static str>, Vec<i64>, Vec<Option<i64>>) {
    let mut plans = (Vec::new(), Vec::new(), Vec::new());
    for plan in CompanyPlan::ALL {
        let limits = plan.limits();
        plans.0.push(plan.as_str());
        plans.1.push(signed(limits.max_file_bytes));
        plans.2.push(limits.storage_bytes.map(signed));
    }
    plans
}

fn begun(row: &Row, new: &NewUpload<'_>) -> Result<Begun, Error> {
    let outcome: &str = row.try_get("final")?;
    let storage = Storage {
        used: unsigned(row, "storage_used")?,
        reserved: unsigned(row, "storage_reserved")?,
        limit: row
            .try_get::<_, Option<i64>>("total")?
            .map(|_| unsigned(row, "total"))
            .transpose()?,
        file_limit: unsigned(row, "file_limit")?,
    };
    let refusal = match outcome {
        "ok" => {
            return Ok(Begun::Pending(Storage {
                reserved: storage.reserved + new.upload.plan.size,
                ..storage
            }));
        }
        "room" => Refusal::Room(in_room(row)?),
        "uploads_off" => Refusal::UploadsOff,
        "type" => Refusal::TypeNotAllowed,
        "file_size" => Refusal::FileTooLarge {
            limit: storage.file_limit,
        },
        "sending" => Refusal::TooManySending {
            limit: new.max_sending,
        },
        "quota" => Refusal::Quota(storage),
        "room_quota" => Refusal::RoomQuota {
            limit: unsigned(row, "room_limit")?,
            used: unsigned(row, "room_used")?,
        },
        other => return Err(corrupt("outcome", other)),
    };
    Ok(Begun::Refused(refusal))
}

/// Which rule of the room said no: asked of the same table again.
fn in_room(row: &Row) -> Result<room::Refusal, Error> {
    let role: Option<&str> = row.try_get("role")?;
    let access: Option<&str> = row.try_get("access")?;
    let status: &str = row.try_get("status")?;
    let known = role
        .and_then(Role::parse)
        .zip(access.and_then(Access::parse))
        .zip(Status::parse(status));
    let Some(((role, access), status)) = known else {
        return Ok(room::Refusal::Role);
    };
    match room::check(role, access, status, Action::Upload) {
        Err(refusal) => Ok(refusal),
        Ok(()) => Err(corrupt("outcome", "room, against the table")),
    }
}
