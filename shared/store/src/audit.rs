//! The audit log: who did what, on which thing, when, from where.

use domain::{CompanyId, UserId};
use serde_json::Value;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Db, Error};

/// A call, as sessions and the audit log remember it.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// When it came.
    pub at: OffsetDateTime,
    /// From which address.
    pub address: &'a str,
    /// What the device says it is.
    pub user_agent: &'a str,
    /// Under which id the logs know it.
    pub request_id: &'a str,
}

/// One line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    /// Its id.
    pub id: Uuid,
    /// Who did it; `None` when nobody was signed in.
    pub actor: Option<UserId>,
    /// `noun.verb`, such as `session.started`.
    pub action: &'a str,
    /// What kind of thing it was done to.
    pub target_type: &'a str,
    /// Which one.
    pub target: Option<Uuid>,
    /// What else is worth keeping; never a secret, never what people wrote.
    pub detail: Value,
}

/// Writes one line; made to be one query of a flight, so that it commits with what it tells of.
pub(crate) async fn write(
    db: &Db,
    company: CompanyId,
    origin: &Origin<'_>,
    entry: &Entry<'_>,
) -> Result<Vec<Row>, Error> {
    db.rows(
        "insert into audit_log
             (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            (&company.0, Type::UUID),
            (&entry.id, Type::UUID),
            (&origin.at, Type::TIMESTAMPTZ),
            (&entry.actor.map(|actor| actor.0), Type::UUID),
            (&entry.action, Type::TEXT),
            (&entry.target_type, Type::TEXT),
            (&entry.target, Type::UUID),
            (&origin.address, Type::TEXT),
            (&origin.request_id, Type::TEXT),
            (&entry.detail, Type::JSONB),
        ],
    )
    .await
}
