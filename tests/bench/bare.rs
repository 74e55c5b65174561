//! The stores' clients alone: the round trips of a sent message, with as many bytes, by nobody's code but theirs.

use redis::Script;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use support::Stack;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

/// Where the rows go.
const TABLE: &str = "create table if not exists bare_messages (a uuid, b uuid, c uuid, d uuid, e text, f text, g uuid, h jsonb,
    i jsonb, j timestamptz, k text[], l text[], m text[], n jsonb)";
/// One round trip that writes what a message is stored by, and answers as much: the server takes its time, so that what
/// the client does afterwards finds caches as cold as a message's.
const INSERT: &str =
    "insert into bare_messages values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    returning *, 'sent' as o, 1::bigint as p";
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

/// Both clients, connected.
pub(crate) struct Bare {
    sql: Client,
    redis: ClusterConnection,
    /// Answers as much as a limit does.
    limit: Script,
    /// Answers as little as the queue of a room where nobody listens.
    queue: Script,
    event: String,
}

impl Bare {
    pub(crate) async fn connect(stack: &Stack) -> Result<Self, app::Error> {
        let (sql, connection) = tokio_postgres::connect(&stack.postgres_owner, NoTls).await?;
        tokio::spawn(connection);
        sql.batch_execute(TABLE).await?;
        let redis = ClusterClient::new([stack.redis.as_str()])?;
        Ok(Self {
            sql,
            redis: redis.get_async_connection().await?,
            limit: Script::new("return {{1, 1, 1000}, {1, 1, 60000}}"),
            queue: Script::new("return {0}"),
            event: "e".repeat(EVENT),
        })
    }

    /// The round trips of `times` messages to a room where nobody listens, one after another: one to Postgres, two to
    /// Redis (the limit, and through the room's queue).
    pub(crate) async fn call(&mut self, times: usize) -> Result<(), app::Error> {
        let event = self.event.clone();
        for _ in 0..times {
            self.store(&event).await?;
            let limits = ["1000000", "1000", "1", "1000000", "60000", "1"];
            script(&mut self.redis, &self.limit, 2, &limits).await?;
            let queued = [GENERATION, "1", &event];
            script(&mut self.redis, &self.queue, 6, &queued).await?;
        }
        Ok(())
    }

    async fn store(&self, event: &str) -> Result<(), app::Error> {
        let id = uuid::Uuid::nil();
        let text = "회의 시작할까요? 100";
        let words: &[&str] = &["owner", "admin", "moderator", "member"];
        let json = serde_json::Value::from(event);
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let params: [(&(dyn ToSql + Sync), Type); 14] = [
            (&id, Type::UUID),
            (&id, Type::UUID),
            (&id, Type::UUID),
            (&id, Type::UUID),
            (&text, Type::TEXT),
            (&text, Type::TEXT),
            (&None::<uuid::Uuid>, Type::UUID),
            (&None::<serde_json::Value>, Type::JSONB),
            (&json, Type::JSONB),
            (&at, Type::TIMESTAMPTZ),
            (&words, Type::TEXT_ARRAY),
            (&words, Type::TEXT_ARRAY),
            (&words, Type::TEXT_ARRAY),
            (&json, Type::JSONB),
        ];
        std::hint::black_box(self.sql.query_typed(INSERT, &params).await?);
        Ok(())
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
