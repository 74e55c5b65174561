//! Sessions: one sign-in on one device, with its family of refresh tokens.

use domain::{CompanyId, SessionId, UserId};
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::audit::Origin;
use crate::{Db, Error, Params, Store};

/// A session that is about to be.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// The hash of its first refresh token.
    pub token_hash: &'a [u8],
    /// When it ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What the device said it is.
    pub user_agent: String,
    /// Where it signed in from.
    pub address: String,
    /// When it signed in.
    pub created_at: OffsetDateTime,
    /// When it last took new tokens.
    pub last_used_at: OffsetDateTime,
    /// When it ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
}

/// A session that has just been ended, and whose it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Who was signed in.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

impl Store {
    /// A person's sessions that have not ended, newest first, after the one that `after` points at; at most
    /// `limit` and one more. `None` when the person is not active or the session that asks has ended.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn sessions(
        &self,
        company: CompanyId,
        user: UserId,
        asking: SessionId,
        after: Option<SessionId>,
        limit: i64,
        now: OffsetDateTime,
    ) -> Result<Option<Vec<Session>>, Error> {
        let db = self.db().await?;
        let rows = db
            .rows(
                "with asking as (
                     select from sessions s
                     join users u on u.company_id = s.company_id and u.id = s.user_id and u.status = 'active'
                     where s.company_id = $1 and s.user_id = $2 and s.id = $3 and s.revoked_at is null
                 )
                 select s.id, s.user_agent, s.address, s.created_at, s.last_used_at, s.expires_at
                 from asking
                 left join lateral (
                     select * from sessions
                     where company_id = $1 and user_id = $2 and revoked_at is null and expires_at > $4
                       and ($5::uuid is null or id < $5)
                     order by id desc limit $6 + 1
                 ) s on true
                 order by s.id desc",
                &[
                    (&company.0, Type::UUID),
                    (&user.0, Type::UUID),
                    (&asking.0, Type::UUID),
                    (&now, Type::TIMESTAMPTZ),
                    (&after.map(|after| after.0), Type::UUID),
                    (&limit, Type::INT8),
                ],
            )
            .await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let sessions = rows.iter().filter_map(|row| Session::read(row).transpose());
        sessions.collect::<Result<_, _>>().map(Some)
    }

    /// Ends one of a person's own sessions; `None` when there is no such session of theirs.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn end_session(
        &self,
        company: CompanyId,
        user: UserId,
        session: SessionId,
        audit_id: Uuid,
        origin: &Origin<'_>,
    ) -> Result<Option<Ended>, Error> {
        let which = "update sessions set revoked_at = $1
             where company_id = $5 and user_id = $6 and id = $7 and revoked_at is null and expires_at > $1
             returning *";
        let own = [
            (&company.0 as _, Type::UUID),
            (&user.0 as _, Type::UUID),
            (&session.0 as _, Type::UUID),
        ];
        self.end(which, &own, audit_id, origin).await
    }

    /// Ends the session that a refresh token belongs to; `None` when there is none that still goes on.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn end_session_of(
        &self,
        token_hash: &[u8],
        audit_id: Uuid,
        origin: &Origin<'_>,
    ) -> Result<Option<Ended>, Error> {
        let which = "update sessions s set revoked_at = $1
             from refresh_tokens t
             where t.hash = $5 and s.company_id = t.company_id and s.id = t.session_id
               and s.revoked_at is null
             returning s.*";
        let own = [(&token_hash as _, Type::BYTEA)];
        self.end(which, &own, audit_id, origin).await
    }

    /// Ends the session that `which` ends at $1, its own parameters being $5 and on, and writes the audit line.
    async fn end(
        &self,
        which: &str,
        own: Params<'_>,
        audit_id: Uuid,
        origin: &Origin<'_>,
    ) -> Result<Option<Ended>, Error> {
        let sql = format!(
            "with ended as ({which})
             insert into audit_log
                 (company_id, id, at, actor_id, action, target_type, target_id, address, request_id)
             select company_id, $2, $1, user_id, 'session.ended', 'session', id, $3, $4 from ended
             returning actor_id, target_id"
        );
        let mut params: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&origin.at, Type::TIMESTAMPTZ),
            (&audit_id, Type::UUID),
            (&origin.address, Type::TEXT),
            (&origin.request_id, Type::TEXT),
        ];
        params.extend_from_slice(own);
        let Some(row) = self.db().await?.row(&sql, &params).await? else {
            return Ok(None);
        };
        Ok(Some(Ended {
            user: UserId(row.try_get("actor_id")?),
            session: SessionId(row.try_get("target_id")?),
        }))
    }
}

impl Session {
    /// Reads a row; `None` for the one that only says that the asking session goes on.
    fn read(row: &Row) -> Result<Option<Self>, Error> {
        let Some(id) = row.try_get::<_, Option<Uuid>>("id")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id: SessionId(id),
            user_agent: row.try_get("user_agent")?,
            address: row.try_get("address")?,
            created_at: row.try_get("created_at")?,
            last_used_at: row.try_get("last_used_at")?,
            expires_at: row.try_get("expires_at")?,
        }))
    }
}

/// Opens a session with its first token; made to be one query of a flight.
pub(crate) async fn open(
    db: &Db,
    company: CompanyId,
    user: UserId,
    session: &NewSession<'_>,
    origin: &Origin<'_>,
) -> Result<Vec<Row>, Error> {
    db.rows(
        "with opened as (
             insert into sessions
                 (company_id, id, user_id, user_agent, address, created_at, last_used_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $6, $7)
         )
         insert into refresh_tokens (company_id, session_id, hash, issued_at) values ($1, $2, $8, $6)",
        &[
            (&company.0, Type::UUID),
            (&session.id.0, Type::UUID),
            (&user.0, Type::UUID),
            (&origin.user_agent, Type::TEXT),
            (&origin.address, Type::TEXT),
            (&origin.at, Type::TIMESTAMPTZ),
            (&session.expires_at, Type::TIMESTAMPTZ),
            (&session.token_hash, Type::BYTEA),
        ],
    )
    .await
}
