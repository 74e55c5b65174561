//! The stores' clients alone: the round trips of a sent message, the same statement and as many bytes, by nobody's code
//! but theirs.

use domain::room::Action;
use redis::Script;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use serde_json::Value;
use support::rest::fresh_id;
use support::{Person, Stack};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// The very statement of a message: the server does the same, so that what a client does afterwards finds the machine's
/// caches as it left them then.
const APPEND: &str = "select * from append_message_3($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10, $11, $12, $13, $14)";
/// An event's JSON has about so many bytes.
const EVENT: usize = 450;
/// As long as a generation of the index.
const GENERATION: &str = "1795417500.123456";
/// Keys of a room, and of a person's limits.
const KEYS: [&str; 6] = [
    "{figures:0191f3c0-0000-7000-8000-000000000000}:sockets",
    "{figures:0191f3c0-0000-7000-8000-000000000000}:queue",
    "{figures:0191f3c0-0000-7000-8000-000000000000}:lock",
    "{figures:0191f3c0-0000-7000-8000-000000000000}:head",
    "{figures:0191f3c0-0000-7000-8000-000000000000}:generation",
    "{figures:0191f3c0-0000-7000-8000-000000000000}:left",
];

/// Both clients, connected, and what they send.
pub(crate) struct Bare {
    sql: Client,
    redis: ClusterConnection,
    /// Answers as much as a limit does.
    limit: Script,
    /// Answers as little as the queue of a room where nobody listens.
    queue: Script,
    company: Uuid,
    author: Uuid,
    room: Uuid,
    event: String,
}

impl Bare {
    /// Clients that write into a room of `person`'s, which nobody else may write into: nothing of it is announced.
    pub(crate) async fn connect(
        stack: &Stack,
        person: &Person,
        room: Uuid,
    ) -> Result<Self, app::Error> {
        let (sql, connection) = tokio_postgres::connect(&stack.postgres, NoTls).await?;
        tokio::spawn(connection);
        let redis = ClusterClient::new([stack.redis.as_str()])?;
        Ok(Self {
            sql,
            redis: redis.get_async_connection().await?,
            limit: Script::new("return {{1, 1, 1000}, {1, 1, 60000}}"),
            queue: Script::new("return {0}"),
            company: person.company.0,
            author: person.id.0,
            room,
            event: serde_json::json!({ "content": "e".repeat(EVENT) }).to_string(),
        })
    }

    /// The round trips of `times` messages to a room where nobody listens, one after another: one to Postgres, two to
    /// Redis (the limit, and through the room's queue).
    pub(crate) async fn call(&mut self, times: usize) -> Result<(), app::Error> {
        let event = self.event.clone();
        for _ in 0..times {
            let limits = ["1000000", "1000", "1", "1000000", "60000", "1"];
            script(&mut self.redis, &self.limit, 2, &limits).await?;
            self.append(&event).await?;
            let queued = [GENERATION, "1", &event];
            script(&mut self.redis, &self.queue, 6, &queued).await?;
        }
        Ok(())
    }

    async fn append(&self, event: &str) -> Result<(), app::Error> {
        let id = fresh_id();
        let client_id = id.to_string();
        let none = Value::Array(Vec::new());
        let rule = Action::Write.rule();
        let roles: Vec<_> = rule.roles.iter().map(|role| role.as_str()).collect();
        let accesses: Vec<_> = rule.accesses.iter().map(|it| it.as_str()).collect();
        let statuses: Vec<_> = rule.statuses.iter().map(|it| it.as_str()).collect();
        let params: [(&(dyn ToSql + Sync), Type); 14] = [
            (&self.company, Type::UUID),
            (&self.room, Type::UUID),
            (&self.author, Type::UUID),
            (&id, Type::UUID),
            (&client_id, Type::TEXT),
            (&"회의 시작할까요? 100", Type::TEXT),
            (&None::<Uuid>, Type::UUID),
            (&None::<Value>, Type::JSONB),
            (&event, Type::TEXT),
            (&time::OffsetDateTime::UNIX_EPOCH, Type::TIMESTAMPTZ),
            (&roles, Type::TEXT_ARRAY),
            (&accesses, Type::TEXT_ARRAY),
            (&statuses, Type::TEXT_ARRAY),
            (&none, Type::JSONB),
        ];
        let rows = self.sql.query_typed(APPEND, &params).await?;
        match rows.first().map(|row| row.get::<_, &str>("outcome")) {
            Some("sent") => Ok(()),
            other => Err(format!("a bare message: {other:?}").into()),
        }
    }
}

/// One script with so many keys.
async fn script(
    redis: &mut ClusterConnection,
    script: &Script,
    keys: usize,
    arguments: &[&str],
) -> Result<(), app::Error> {
    let mut call = script.prepare_invoke();
    for key in KEYS.iter().take(keys) {
        call.key(*key);
    }
    for argument in arguments {
        call.arg(*argument);
    }
    let said: Vec<redis::Value> = call.invoke_async(redis).await?;
    std::hint::black_box(said);
    Ok(())
}
