//! Companies and the people in them.

use domain::account::{Email, FullName, Handle};
use domain::company::{CompanyName, CompanyRole, Plan};
use domain::{CompanyId, SessionId, UserId};
use serde_json::json;
use time::OffsetDateTime;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::audit::{self, Entry, Origin};
use crate::constraints::Clash;
use crate::sessions::NewSession;
use crate::{Error, Store, flight, sessions};

/// A person and their company, as both are now.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The person.
    pub user: UserId,
    /// Their email address.
    pub email: String,
    /// Their name.
    pub full_name: String,
    /// Their handle.
    pub handle: String,
    /// What they are in the company.
    pub role: CompanyRole,
    /// The language they read.
    pub language: String,
    /// Whether the address was proven to be theirs.
    pub email_verified: bool,
    /// When they came.
    pub created_at: OffsetDateTime,
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub company_name: String,
    /// What it pays for.
    pub plan: Plan,
}

/// The columns of an [`Account`], of `users u` and `companies c`.
pub(crate) const ACCOUNT: &str =
    "u.id as user_id, u.email, u.full_name, u.handle, u.role, u.language,
    u.email_verified_at is not null as email_verified, u.created_at as user_created_at,
    c.id as company_id, c.name as company_name, c.plan";

/// A company that is about to be, and its owner.
pub struct NewCompany<'a> {
    /// The company's id.
    pub id: CompanyId,
    /// Its name.
    pub name: &'a CompanyName,
    /// Its first person.
    pub owner: NewPerson<'a>,
}

/// A person who is about to be.
pub struct NewPerson<'a> {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: &'a Email,
    /// Their name.
    pub full_name: &'a FullName,
    /// The handle they get if nobody has it; else it is numbered.
    pub handle: &'a Handle,
    /// Their hashed password.
    pub password_hash: &'a str,
}

/// Whether someone new came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// They did.
    Done(Account),
    /// Someone has their email address.
    EmailTaken,
}

impl Store {
    /// Makes a company, its owner and the owner's first session.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn register(
        &self,
        new: &NewCompany<'_>,
        session: &NewSession<'_>,
        audit_id: Uuid,
        origin: &Origin<'_>,
    ) -> Result<Added, Error> {
        let db = self.db().await?;
        let entry = Entry {
            id: audit_id,
            actor: Some(new.owner.id),
            action: "company.registered",
            target_type: "company",
            target: Some(new.id.0),
            detail: json!({"session_id": session.id}),
        };
        let done = flight!(
            db,
            _company = db.rows(
                "insert into companies (id, name, created_at) values ($1, $2, $3)",
                &[
                    (&new.id.0, Type::UUID),
                    (&new.name.as_str(), Type::TEXT),
                    (&origin.at, Type::TIMESTAMPTZ),
                ],
            ),
            _owner = add(&db, new.id, &new.owner, CompanyRole::Owner, origin.at),
            _session = sessions::open(&db, new.id, new.owner.id, session, origin),
            _audit = audit::write(&db, new.id, origin, &entry),
            account = account(&db, new.id, new.owner.id),
        );
        added(done.map(|(.., account)| account))
    }

    /// Adds a person to a company.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn add_member(
        &self,
        company: CompanyId,
        person: &NewPerson<'_>,
        role: CompanyRole,
        at: OffsetDateTime,
    ) -> Result<Added, Error> {
        let db = self.db().await?;
        let mut tries = 3;
        loop {
            let done = flight!(
                db,
                _person = add(&db, company, person, role, at),
                account = account(&db, company, person.id),
            );
            let clash = done.as_ref().err().and_then(Error::clash);
            tries -= 1;
            // Two of the same name at once chose the same handle: the next look sees the other's.
            if clash != Some(Clash::HandleTaken) || tries == 0 {
                return added(done.map(|(_, account)| account));
            }
        }
    }

    /// The person who calls, if they are active and their session has not ended.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn me(
        &self,
        company: CompanyId,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<Account>, Error> {
        let sql = format!(
            "select {ACCOUNT}
             from users u
             join companies c on c.id = u.company_id and c.deleted_at is null
             join sessions s on s.company_id = u.company_id and s.user_id = u.id and s.id = $3
             where u.company_id = $1 and u.id = $2 and u.status = 'active' and s.revoked_at is null"
        );
        let db = self.db().await?;
        let row = db
            .row(
                &sql,
                &[
                    (&company.0, Type::UUID),
                    (&user.0, Type::UUID),
                    (&session.0, Type::UUID),
                ],
            )
            .await?;
        row.as_ref().map(Account::read).transpose()
    }
}

impl Account {
    /// Reads the columns of [`ACCOUNT`].
    pub(crate) fn read(row: &Row) -> Result<Self, Error> {
        let role: &str = row.try_get("role")?;
        let plan: &str = row.try_get("plan")?;
        Ok(Self {
            user: UserId(row.try_get("user_id")?),
            email: row.try_get("email")?,
            full_name: row.try_get("full_name")?,
            handle: row.try_get("handle")?,
            role: role
                .parse()
                .map_err(|error| Error::Corrupt(format!("users.role: {error}")))?,
            language: row.try_get("language")?,
            email_verified: row.try_get("email_verified")?,
            created_at: row.try_get("user_created_at")?,
            company: CompanyId(row.try_get("company_id")?),
            company_name: row.try_get("company_name")?,
            plan: plan
                .parse()
                .map_err(|error| Error::Corrupt(format!("companies.plan: {error}")))?,
        })
    }
}

/// Inserts a person under the first of their handles that is free.
async fn add(
    db: &crate::Db,
    company: CompanyId,
    person: &NewPerson<'_>,
    role: CompanyRole,
    at: OffsetDateTime,
) -> Result<Vec<Row>, Error> {
    // The end of a UUIDv7 is random: a handle that nobody else tries.
    let id = person.id.0.simple().to_string();
    let tail = id.get(26..).unwrap_or("");
    let handles = person.handle.candidates(tail);
    db.rows(
        "insert into users (company_id, id, email, full_name, handle, role, password_hash, created_at)
         select $1, $2, $3, $4, wish.handle, $6, $7, $8
         from unnest($5) with ordinality as wish (handle, place)
         where not exists (
             select from users u
             where u.company_id = $1 and lower(u.handle) = wish.handle and u.status <> 'removed')
         order by wish.place
         limit 1",
        &[
            (&company.0, Type::UUID),
            (&person.id.0, Type::UUID),
            (&person.email.as_str(), Type::TEXT),
            (&person.full_name.as_str(), Type::TEXT),
            (&handles, Type::TEXT_ARRAY),
            (&role.as_str(), Type::TEXT),
            (&person.password_hash, Type::TEXT),
            (&at, Type::TIMESTAMPTZ),
        ],
    )
    .await
}

async fn account(db: &crate::Db, company: CompanyId, user: UserId) -> Result<Vec<Row>, Error> {
    let sql = format!(
        "select {ACCOUNT} from users u join companies c on c.id = u.company_id
         where u.company_id = $1 and u.id = $2"
    );
    db.rows(&sql, &[(&company.0, Type::UUID), (&user.0, Type::UUID)])
        .await
}

fn added(done: Result<Vec<Row>, Error>) -> Result<Added, Error> {
    match done {
        Ok(rows) => match rows.first() {
            Some(row) => Ok(Added::Done(Account::read(row)?)),
            None => Err(Error::Corrupt("an added person is not there".to_owned())),
        },
        Err(error) if error.clash() == Some(Clash::EmailTaken) => Ok(Added::EmailTaken),
        Err(error) => Err(error),
    }
}
