//! What tests read or arrange in Postgres directly, where no route does it (yet).

use app::clock;
use app::signing::Keyring;
use domain::account::Email;
use domain::{CompanyId, UserId};
use sha2::{Digest as _, Sha256};
use store::Origin;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

use crate::Stack;
use crate::rest::fresh_id;
use crate::socket::PATIENCE;

impl Stack {
    /// Runs a query as the functions' own role.
    pub async fn query(&self, sql: &str) -> Vec<Row> {
        let client = connect(&self.postgres).await;
        client.query(sql, &[]).await.expect("the query is right")
    }

    /// Runs a statement as the functions' own role.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn execute(
        &self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, tokio_postgres::Error> {
        connect(&self.postgres).await.execute(sql, params).await
    }

    /// Sets a person's password hash.
    pub async fn set_password_hash(&self, user: UserId, hash: &str) {
        let sql = "update users set password_hash = $2 where id = $1";
        self.execute(sql, &[&user.0, &hash]).await.expect("done");
    }

    /// A person's password hash.
    pub async fn password_hash(&self, user: UserId) -> String {
        let client = connect(&self.postgres).await;
        let sql = "select password_hash from users where id = $1";
        client
            .query_one(sql, &[&user.0])
            .await
            .expect("them")
            .get(0)
    }

    /// Sets a person's status: `active`, `suspended`, `removed`.
    pub async fn set_status(&self, user: UserId, status: &str) {
        let sql = "update users set status = $2 where id = $1";
        self.execute(sql, &[&user.0, &status]).await.expect("done");
    }

    /// The actions in a company's audit log, oldest first.
    pub async fn audit_actions(&self, company: CompanyId) -> Vec<String> {
        let client = connect(&self.postgres).await;
        let sql = "select action from audit_log where company_id = $1 order by at, id";
        let rows = client.query(sql, &[&company.0]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Lets sign-ins of an address fail, without the limit of five minutes.
    pub async fn fail_sign_ins(&self, email: &str, times: usize) {
        let store = self.store();
        let (address, hash) = (Email::parse(email).expect("one"), Sha256::digest(email));
        for _ in 0..times {
            let origin = Origin {
                at: clock::now(),
                address: "",
                user_agent: "",
                request_id: "",
            };
            let done = store.sign_in_failed(&address, &hash, clock::id(), &origin);
            done.await.expect("Postgres answers");
        }
    }

    /// How many addresses with failed sign-ins are remembered as this one: one or none.
    pub async fn sign_in_failures(&self, email: &str) -> i64 {
        let client = connect(&self.postgres).await;
        let hash = Sha256::digest(email).to_vec();
        let sql = "select count(*) from sign_in_failures where email_hash = $1";
        let found = client.query_one(sql, &[&hash]).await;
        found.expect("a count").get(0)
    }

    /// Makes the failed sign-ins of an address `minutes` older.
    pub async fn age_sign_in_failures(&self, email: &str, minutes: i32) {
        let hash = Sha256::digest(email).to_vec();
        let sql = "update sign_in_failures
                   set last_at = last_at - make_interval(mins => $2),
                       locked_until = locked_until - make_interval(mins => $2)
                   where email_hash = $1";
        self.execute(sql, &[&hash, &minutes]).await.expect("done");
    }

    /// Makes the public half of a key of our own known, as the schema's owner.
    pub async fn trust(&self, ring: &Keyring) {
        let client = connect(&self.postgres_owner).await;
        for key in ring.public().expect("readable keys") {
            let sql =
                "insert into signing_keys (kid, public_key, created_at) values ($1, $2, now())";
            let done = client.execute(sql, &[&key.kid, &key.public_key]).await;
            done.expect("a new key");
        }
    }

    /// Takes a public key away, as the schema's owner.
    pub async fn forget_key(&self, kid: &str) {
        let client = connect(&self.postgres_owner).await;
        let sql = "delete from signing_keys where kid = $1";
        assert_eq!(client.execute(sql, &[&kid]).await.expect("done"), 1);
    }

    /// The names of keys that sign no more, as the schema's owner.
    pub async fn retiring_keys(&self) -> Vec<String> {
        let client = connect(&self.postgres_owner).await;
        let sql = "select kid from signing_keys where retires_at is not null";
        let rows = client.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Keeps everyone from making anything in a company until the answer is dropped, as the schema's owner.
    pub async fn hold_company(&self, company: CompanyId) -> Held {
        let client = connect(&self.postgres_owner).await;
        client.batch_execute("begin").await.expect("a transaction");
        // What refers to the row waits for it.
        let sql = "select pg_backend_pid() from companies where id = $1 for update";
        let row = client.query_one(sql, &[&company.0]).await;
        let pid = row.expect("the company").get(0);
        Held { client, pid }
    }

    /// Keeps everyone from changing the signing keys until the answer is dropped, as the schema's owner.
    pub async fn hold_signing_keys(&self) -> Client {
        let client = connect(&self.postgres_owner).await;
        let sql = "begin; lock table signing_keys in exclusive mode";
        client.batch_execute(sql).await.expect("the lock");
        client
    }

    /// How many connections wait for a lock of this type, as `pg_locks` calls it.
    pub async fn waiting_for(&self, lock: &str) -> i64 {
        let client = connect(&self.postgres).await;
        let sql = "select count(*) from pg_locks where not granted and locktype = $1";
        client
            .query_one(sql, &[&lock])
            .await
            .expect("a count")
            .get(0)
    }

    /// Makes an empty database beside the stack's own; answers its address, as its owner.
    pub async fn empty_database(&self) -> String {
        let client = connect(&self.postgres_owner).await;
        let name = format!("empty_{}", fresh_id().simple());
        let sql = format!("create database {name}");
        client.batch_execute(&sql).await.expect("a database");
        let (server, _) = self.postgres_owner.rsplit_once('/').expect("an address");
        let url = format!("{server}/{name}");
        // As the server's administrator does where there is one.
        let extensions = "create extension pg_trgm; create extension btree_gin";
        let inside = connect(&url).await;
        inside.batch_execute(extensions).await.expect("extensions");
        url
    }

    /// Makes a key known that retired a moment ago, as the schema's owner.
    pub async fn retire(&self, kid: &str) {
        let client = connect(&self.postgres_owner).await;
        let sql = "insert into signing_keys (kid, public_key, created_at, retires_at)
                   values ($1, $2, now(), now() - interval '1 second')";
        let done = client.execute(sql, &[&kid, &[0_u8; 32].as_slice()]).await;
        done.expect("a new key");
    }
}

/// A lock that somebody may wait for.
#[derive(Debug)]
pub struct Held {
    client: Client,
    pid: i32,
}

impl Held {
    /// Returns once somebody waits for it.
    ///
    /// # Panics
    /// When nobody comes.
    pub async fn is_wanted(&self) {
        let sql =
            "select exists (select from pg_stat_activity where $1 = any (pg_blocking_pids(pid)))";
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self.client.query_one(sql, &[&self.pid]).await;
            if found.expect("an answer").get(0) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "nobody wants it");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("Postgres answers");
    tokio::spawn(connection);
    client
}
