//! Refresh tokens: each is good for one use; one that was used before is a trap.

use domain::SessionId;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::audit::Origin;
use crate::people::{ACCOUNT, Account};
use crate::sessions::Ended;
use crate::{Db, Error, Store, flight};

/// A refresh token that came back, and the one that shall follow it.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// The hash of the token that came.
    pub hash: &'a [u8],
    /// The hash of the client's own id of this attempt, when it gave one.
    pub client_hash: Option<&'a [u8]>,
    /// The hash of the token that follows.
    pub next_hash: &'a [u8],
    /// What the following token was made from, besides this one and the client's id.
    pub next_seed: &'a [u8],
    /// When the session then ends.
    pub expires_at: OffsetDateTime,
    /// The id of the audit line, should there be one.
    pub audit_id: Uuid,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq)]
pub enum Rotated {
    /// It was good; the following token is now.
    Next(SessionId, Account),
    /// The same attempt came again and its token was not used yet: that token is made from this seed.
    Again(SessionId, Account, Vec<u8>),
    /// It was used before; the session has been ended for it.
    Reused(Ended),
    /// It is unknown, or its session is over.
    Ended,
}

impl Store {
    /// Spends a refresh token.
    ///
    /// The session's row is locked first, so of two uses at once exactly one is the first.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn rotate(
        &self,
        rotation: &Rotation<'_>,
        origin: &Origin<'_>,
    ) -> Result<Rotated, Error> {
        let db = self.db().await?;
        let (_, rows) = flight!(
            db,
            _lock = db.rows(
                "select from sessions
                 where id = (select session_id from refresh_tokens where hash = $1)
                 for update",
                &[(&rotation.hash, Type::BYTEA)],
            ),
            rows = spend(&db, rotation, origin),
        )?;
        let Some(row) = rows.first() else {
            return Ok(Rotated::Ended);
        };
        let session = SessionId(row.try_get("session_id")?);
        match row.try_get("verdict")? {
            "next" => Ok(Rotated::Next(session, Account::read(row)?)),
            "again" => Ok(Rotated::Again(
                session,
                Account::read(row)?,
                row.try_get("next_seed")?,
            )),
            "reused" => Ok(Rotated::Reused(Ended {
                user: Account::read(row)?.user,
                session,
            })),
            _ => Ok(Rotated::Ended),
        }
    }
}

/// Decides about a token and writes what follows; runs after the session's row was locked.
async fn spend(db: &Db, rotation: &Rotation<'_>, origin: &Origin<'_>) -> Result<Vec<Row>, Error> {
    db.rows(
        &decision(),
        &[
            (&rotation.hash, Type::BYTEA),
            (&rotation.client_hash, Type::BYTEA),
            (&origin.at, Type::TIMESTAMPTZ),
            (&rotation.next_hash, Type::BYTEA),
            (&rotation.next_seed, Type::BYTEA),
            (&rotation.expires_at, Type::TIMESTAMPTZ),
            (&rotation.audit_id, Type::UUID),
            (&origin.address, Type::TEXT),
            (&origin.request_id, Type::TEXT),
        ],
    )
    .await
}

/// The statement of [`spend`].
fn decision() -> String {
    format!(
        "with found as (
             select t.company_id, t.session_id, t.next_seed, s.user_id,
                    case
                        when s.revoked_at is not null or s.expires_at <= $3
                            or u.status <> 'active' or c.deleted_at is not null then 'ended'
                        when t.used_at is null then 'next'
                        when t.client_hash = $2 and exists (
                            select from refresh_tokens n where n.hash = t.next_hash and n.used_at is null)
                            then 'again'
                        else 'reused'
                    end as verdict
             from refresh_tokens t
             join sessions s on s.company_id = t.company_id and s.id = t.session_id
             join users u on u.company_id = s.company_id and u.id = s.user_id
             join companies c on c.id = s.company_id
             where t.hash = $1
         ), spent as (
             update refresh_tokens
             set used_at = $3, next_hash = $4, next_seed = $5, client_hash = $2
             where hash = $1 and (select verdict from found) = 'next'
         ), issued as (
             insert into refresh_tokens (company_id, session_id, hash, issued_at)
             select company_id, session_id, $4, $3 from found where verdict = 'next'
         ), touched as (
             update sessions s
             set revoked_at = case when f.verdict = 'reused' then $3 end,
                 last_used_at = case when f.verdict = 'reused' then s.last_used_at else $3 end,
                 expires_at = case when f.verdict = 'next' then $6 else s.expires_at end
             from found f
             where s.company_id = f.company_id and s.id = f.session_id and f.verdict <> 'ended'
         ), logged as (
             insert into audit_log
                 (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
             select company_id, $7, $3, user_id, 'session.token_reused', 'session', session_id, $8, $9
             from found where verdict = 'reused'
         )
         select f.verdict, f.session_id, f.next_seed, {ACCOUNT}
         from found f
         join users u on u.company_id = f.company_id and u.id = f.user_id
         join companies c on c.id = f.company_id"
    )
}
