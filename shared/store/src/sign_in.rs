//! Signing in: what is known at the door, and what a success or a failure leaves behind.

use domain::account::{Email, LOCK_AFTER, LOCK_FOR};
use domain::{CompanyId, UserId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::audit::Origin;
use crate::people::{ACCOUNT, Account};
use crate::sessions::NewSession;
use crate::{Error, Store};

/// What is known about an address before the password was looked at.
#[derive(Clone)]
pub struct Door {
    /// Until when the address is locked, whether or not anyone has it.
    pub locked_until: Option<OffsetDateTime>,
    /// Who has it.
    pub person: Option<Known>,
}

/// The person whose address it is.
#[derive(Clone)]
pub struct Known {
    /// Their company.
    pub company: CompanyId,
    /// Who they are.
    pub user: UserId,
    /// Whether they may come in at all; a suspended person may not.
    pub active: bool,
    /// Their hashed password, of whatever age.
    pub password_hash: String,
}

/// A right password, about to become a session.
pub struct Admission<'a> {
    /// Who comes in.
    pub person: &'a Known,
    /// The same password in a newer hash, when the stored one is of an older kind.
    pub rehashed: Option<&'a str>,
    /// The hash of the address, whose failures are forgotten.
    pub email_hash: &'a [u8],
    /// The id of the audit line.
    pub audit_id: Uuid,
}

/// Opens the session of somebody who is still as they were at the door, with all that goes with it.
const LET_IN: &str = "with person as (
        update users set last_sign_in_at = $3, password_hash = coalesce($5, password_hash)
        where company_id = $1 and id = $2 and status = 'active' and password_hash = $4
        returning *
    ), opened as (
        insert into sessions
            (company_id, id, user_id, user_agent, address, created_at, last_used_at, expires_at)
        select company_id, $6, id, $7, $8, $3, $3, $9 from person
    ), issued as (
        insert into refresh_tokens (company_id, session_id, hash, issued_at)
        select company_id, $6, $10, $3 from person
    ), forgiven as (
        delete from sign_in_failures where email_hash = $11 and exists (select from person)
    ), logged as (
        insert into audit_log
            (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
        select company_id, $12, $3, id, 'sign_in.succeeded', 'session', $6, $8, $13,
               jsonb_build_object('rehashed', $5::text is not null)
        from person
    )";

impl Store {
    /// What is known about `email`; the same one statement whether or not anyone has it.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn door(&self, email: &Email, email_hash: &[u8]) -> Result<Door, Error> {
        let db = self.db().await?;
        let row = db
            .row(
                "select f.locked_until, p.company_id, p.id, p.status, p.password_hash
                 from (values (1)) as always (one)
                 left join sign_in_failures f on f.email_hash = $2
                 left join (users p join companies c on c.id = p.company_id and c.deleted_at is null)
                     on lower(p.email) = $1 and p.status <> 'removed'",
                &[(&email.as_str(), Type::TEXT), (&email_hash, Type::BYTEA)],
            )
            .await?
            .ok_or_else(|| Error::Corrupt("a row of constants is not there".to_owned()))?;
        let user: Option<Uuid> = row.try_get("id")?;
        let person = match user {
            None => None,
            Some(user) => Some(Known {
                company: CompanyId(row.try_get("company_id")?),
                user: UserId(user),
                active: row.try_get::<_, &str>("status")? == "active",
                password_hash: row.try_get("password_hash")?,
            }),
        };
        Ok(Door {
            locked_until: row.try_get("locked_until")?,
            person,
        })
    }

    /// Counts a failed sign-in, and locks the address at [`LOCK_AFTER`] in a row; known and unknown addresses
    /// cost the same statement. Someone who has the address finds the attempt in their company's audit log.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn sign_in_failed(
        &self,
        email: &Email,
        email_hash: &[u8],
        audit_id: Uuid,
        origin: &Origin<'_>,
    ) -> Result<(), Error> {
        let db = self.db().await?;
        // A lock that ended starts the count anew; one that holds is neither prolonged nor counted.
        db.rows(
            "with counted as (
                 insert into sign_in_failures as f (email_hash, failures, last_at)
                 values ($2, 1, $3)
                 on conflict (email_hash) do update set
                     last_at = $3,
                     failures = case when f.locked_until > $3 then f.failures
                                     when f.locked_until is not null then 1
                                     else f.failures + 1 end,
                     locked_until = case when f.locked_until > $3 then f.locked_until
                                         when f.locked_until is null and f.failures + 1 >= $4 then $5 end
                 returning f.failures, f.locked_until
             )
             insert into audit_log
                 (company_id, id, at, actor_id, action, target_type, target_id, address, request_id, detail)
             select u.company_id, $6, $3, null,
                    case when counted.locked_until is null then 'sign_in.failed' else 'sign_in.locked' end,
                    'user', u.id, $7, $8,
                    jsonb_build_object('in_a_row', counted.failures)
             from counted, users u
             where lower(u.email) = $1 and u.status <> 'removed'",
            &[
                (&email.as_str(), Type::TEXT),
                (&email_hash, Type::BYTEA),
                (&origin.at, Type::TIMESTAMPTZ),
                (&LOCK_AFTER, Type::INT4),
                (&(origin.at + LOCK_FOR), Type::TIMESTAMPTZ),
                (&audit_id, Type::UUID),
                (&origin.address, Type::TEXT),
                (&origin.request_id, Type::TEXT),
            ],
        )
        .await
        .map(drop)
    }

    /// Lets someone in: opens the session, forgets failures, keeps the newer hash, writes the audit line.
    ///
    /// `None` when the person was suspended or changed their password since [`Store::door`].
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn sign_in(
        &self,
        admission: &Admission<'_>,
        session: &NewSession<'_>,
        origin: &Origin<'_>,
    ) -> Result<Option<Account>, Error> {
        let sql = format!(
            "{LET_IN} select {ACCOUNT} from person u join companies c on c.id = u.company_id"
        );
        let person = admission.person;
        let db = self.db().await?;
        let row = db
            .row(
                &sql,
                &[
                    (&person.company.0, Type::UUID),
                    (&person.user.0, Type::UUID),
                    (&origin.at, Type::TIMESTAMPTZ),
                    (&person.password_hash, Type::TEXT),
                    (&admission.rehashed, Type::TEXT),
                    (&session.id.0, Type::UUID),
                    (&origin.user_agent, Type::TEXT),
                    (&origin.address, Type::TEXT),
                    (&session.expires_at, Type::TIMESTAMPTZ),
                    (&session.token_hash, Type::BYTEA),
                    (&admission.email_hash, Type::BYTEA),
                    (&admission.audit_id, Type::UUID),
                    (&origin.request_id, Type::TEXT),
                ],
            )
            .await?;
        row.as_ref().map(Account::read).transpose()
    }
}
