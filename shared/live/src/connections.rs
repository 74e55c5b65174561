//! Connections in DynamoDB: what survives a flush and ends by its lease.
//!
//! One item per person holds all their connections, each an attribute of its own, so that a room's
//! connections are read by keys, a hundred people a call.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use domain::{CompanyId, ConnectionId, SessionId, UserId};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use time::{Duration, OffsetDateTime};

use crate::{Error, Live, Target};

/// A gateway ends every socket after two hours; what is older is a leftover.
pub const LEASE: Duration = Duration::minutes(125);
/// Most keys of one read.
const KEYS: usize = 100;
/// Reads at once.
const READS: usize = 8;
/// Tries for keys that a throttled table leaves out.
const TRIES: usize = 5;
const SORT: &str = "sockets";

/// A socket and who is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// As the gateway names it.
    pub id: ConnectionId,
    /// The person's company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// The session that opened it.
    pub session: SessionId,
}

/// One of a person's connections, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where to post.
    pub target: Target,
    /// The session that opened it.
    pub session: Option<SessionId>,
}

impl Live {
    /// Writes a connection down, anew if it is known already; answers its stamp, in Unix milliseconds.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn connected(&self, connection: &Connection) -> Result<Target, Error> {
        let now = self.now();
        let stamp = millis(now);
        let lease = (now + LEASE).unix_timestamp();
        let value = AttributeValue::M(HashMap::from([
            ("at".to_owned(), number(stamp)),
            ("lease".to_owned(), number(lease)),
            (
                "session".to_owned(),
                AttributeValue::S(connection.session.to_string()),
            ),
        ]));
        let answer = self
            .dynamo()
            .update_item()
            .table_name(self.table())
            .key("pk", key(connection.user))
            .key("sk", AttributeValue::S(SORT.into()))
            .update_expression("set #c = :c, expires = :lease, company = :company")
            .expression_attribute_names("#c", field(&connection.id))
            .expression_attribute_values(":c", value)
            .expression_attribute_values(":lease", number(lease))
            .expression_attribute_values(
                ":company",
                AttributeValue::S(connection.company.to_string()),
            )
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(Error::dynamo)?;
        let all = answer.attributes.unwrap_or_default();
        self.sweep(connection.user, &all, now).await;
        Ok(Target {
            connection: connection.id.clone(),
            user: connection.user,
            stamp,
        })
    }

    /// Forgets a connection. With a `stamp`, only the registration that carries it.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn disconnected(
        &self,
        user: UserId,
        id: &ConnectionId,
        stamp: Option<i64>,
    ) -> Result<(), Error> {
        let mut call = self
            .dynamo()
            .update_item()
            .table_name(self.table())
            .key("pk", key(user))
            .key("sk", AttributeValue::S(SORT.into()))
            .update_expression("remove #c")
            .expression_attribute_names("#c", field(id));
        call = match stamp {
            Some(stamp) => call
                .condition_expression("#c.#at = :at")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", number(stamp)),
            None => call.condition_expression("attribute_exists(pk)"),
        };
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(Error::dynamo(error)),
        }
    }

    /// Whether a connection is written down.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub(crate) async fn is_connected(
        &self,
        user: UserId,
        id: &ConnectionId,
    ) -> Result<bool, Error> {
        let found = self
            .dynamo()
            .get_item()
            .table_name(self.table())
            .key("pk", key(user))
            .key("sk", AttributeValue::S(SORT.into()))
            .consistent_read(true)
            .projection_expression("#c")
            .expression_attribute_names("#c", field(id))
            .send()
            .await
            .map_err(Error::dynamo)?;
        Ok(found.item.is_some_and(|item| item.contains_key(&field(id))))
    }

    /// Every living connection of `users`.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or keeps throttling.
    pub async fn connections(&self, users: &[UserId]) -> Result<Vec<Stored>, Error> {
        let now = self.now().unix_timestamp();
        let groups: Vec<Vec<UserId>> = users.chunks(KEYS).map(<[UserId]>::to_vec).collect();
        let found: Vec<Vec<Stored>> = stream::iter(groups)
            .map(|group| async move { self.read(&group, now).await })
            .buffer_unordered(READS)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn read(&self, users: &[UserId], now: i64) -> Result<Vec<Stored>, Error> {
        let mut found = Vec::new();
        let mut wanted: Vec<HashMap<String, AttributeValue>> = users
            .iter()
            .map(|user| {
                HashMap::from([
                    ("pk".to_owned(), key(*user)),
                    ("sk".to_owned(), AttributeValue::S(SORT.into())),
                ])
            })
            .collect();
        for _ in 0..TRIES {
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build()
                .map_err(Error::dynamo)?;
            let answer = self
                .dynamo()
                .batch_get_item()
                .request_items(self.table(), keys)
                .send()
                .await
                .map_err(Error::dynamo)?;
            for item in answer.responses.unwrap_or_default().into_values().flatten() {
                found.extend(living(&item, now));
            }
            let left = answer.unprocessed_keys.unwrap_or_default();
            wanted = left.into_values().flat_map(|keys| keys.keys).collect();
            if wanted.is_empty() {
                return Ok(found);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Err(Error::dynamo("the table throttles"))
    }

    /// Removes what a person's earlier sockets left behind; the lease makes it harmless until then.
    async fn sweep(
        &self,
        user: UserId,
        item: &HashMap<String, AttributeValue>,
        now: OffsetDateTime,
    ) {
        let now = now.unix_timestamp();
        let dead: Vec<ConnectionId> = item
            .iter()
            .filter(|(_, value)| read_number(value, "lease").is_some_and(|lease| lease <= now))
            .filter_map(|(name, _)| name.strip_prefix("c#"))
            .map(|id| ConnectionId(id.to_owned()))
            .collect();
        for id in dead {
            if let Err(error) = self.disconnected(user, &id, None).await {
                tracing::warn!(error = ?error, "an ended connection stays listed");
            }
        }
    }
}

fn living(item: &HashMap<String, AttributeValue>, now: i64) -> Vec<Stored> {
    let user = item
        .get("pk")
        .and_then(|value| value.as_s().ok())
        .and_then(|pk| pk.strip_prefix("user#"))
        .and_then(|id| id.parse().ok());
    let Some(user) = user else {
        return Vec::new();
    };
    item.iter()
        .filter_map(|(name, value)| {
            let id = name.strip_prefix("c#")?;
            let stamp = read_number(value, "at")?;
            if read_number(value, "lease")? <= now {
                return None;
            }
            let session = value.as_m().ok()?.get("session")?.as_s().ok()?;
            Some(Stored {
                target: Target {
                    connection: ConnectionId(id.to_owned()),
                    user,
                    stamp,
                },
                session: session.parse().ok(),
            })
        })
        .collect()
}

fn key(user: UserId) -> AttributeValue {
    AttributeValue::S(format!("user#{user}"))
}

fn field(id: &ConnectionId) -> String {
    format!("c#{id}")
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn read_number(value: &AttributeValue, name: &str) -> Option<i64> {
    value.as_m().ok()?.get(name)?.as_n().ok()?.parse().ok()
}

fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1000 + i64::from(at.millisecond())
}
