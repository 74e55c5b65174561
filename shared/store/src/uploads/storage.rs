//! What a company stores: the sums, and who stores most of it.

use domain::upload::Storage;
use domain::{CompanyId, RoomId, UserId};
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::types::Type;

use super::row::unsigned;
use crate::{Error, Store};

/// What a company stores and may store, as one person may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The sums.
    pub storage: Storage,
    /// By person and by room, the most first, for administrators.
    pub shares: Option<Shares>,
}

/// Who stores most, and where most is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// By person.
    pub people: Vec<Share<UserId>>,
    /// By room.
    pub rooms: Vec<Share<RoomId>>,
}

/// What the files of a person or a room take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Share<Id> {
    /// Whose.
    pub id: Id,
    /// Their name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// How many.
    pub files: u64,
}

const USAGE: &str = "
    with me as (
        select c.plan, c.storage_used, c.storage_reserved, u.role in ('owner', 'admin') as administers
        from companies c
        join users u on u.company_id = c.id and u.id = $2 and u.status = 'active'
        where c.id = $1 and c.deleted_at is null
    ),
    sizes as (
        select f.uploader_id, f.room_id, f.size from files f
        where f.company_id = $1 and f.status <> 'deleted' and (select administers from me)
    )
    select me.*,
        (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.full_name, 'bytes', p.bytes,
             'files', p.files) order by p.bytes desc, p.id), '[]')
         from (select u.id, u.full_name, sum(s.size) as bytes, count(*) as files
               from sizes s join users u on u.company_id = $1 and u.id = s.uploader_id
               group by u.id order by bytes desc, u.id limit $3) p) as people,
        (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'bytes', p.bytes,
             'files', p.files) order by p.bytes desc, p.id), '[]')
         from (select r.id, r.name, sum(s.size) as bytes, count(*) as files
               from sizes s join rooms r on r.company_id = $1 and r.id = s.room_id
               group by r.id order by bytes desc, r.id limit $3) p) as rooms
    from me";

impl Store {
    /// What the company of `user` stores and may store, with at most `most` people and rooms for administrators;
    /// `None` when that person is not active.
    ///
    /// # Errors
    /// When Postgres does not answer or a row makes no sense.
    pub async fn storage(
        &self,
        company: CompanyId,
        user: UserId,
        most: i64,
    ) -> Result<Option<Usage>, Error> {
        let params = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&most as _, Type::INT8),
        ];
        let Some(found) = self.db().await?.row(USAGE, &params).await? else {
            return Ok(None);
        };
        let odd = |error: &dyn std::fmt::Display| Error::Corrupt(error.to_string());
        let plan: &str = found.try_get("plan")?;
        let plan: domain::company::Plan = plan.parse().map_err(|error| odd(&error))?;
        let limits = plan.limits();
        let storage = Storage {
            used: unsigned(&found, "storage_used")?,
            reserved: unsigned(&found, "storage_reserved")?,
            limit: limits.storage_bytes,
            file_limit: limits.max_file_bytes,
        };
        let list = |name: &str| found.try_get::<_, Value>(name);
        let shares = match found.try_get("administers")? {
            false => None,
            true => Some(Shares {
                people: serde_json::from_value(list("people")?).map_err(|error| odd(&error))?,
                rooms: serde_json::from_value(list("rooms")?).map_err(|error| odd(&error))?,
            }),
        };
        Ok(Some(Usage { storage, shares }))
    }
}
