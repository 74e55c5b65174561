//! First answers of creating calls, kept in DynamoDB for a day so that a retry gets the same one.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::UserId;
use time::{Duration, OffsetDateTime};

use crate::{Error, Live};

/// How long a first answer is kept.
const KEPT: Duration = Duration::hours(24);
/// How long a call may run before another may take its place: a little over the longest function timeout.
const LEASE: Duration = Duration::seconds(35);
/// Largest answer that is kept, in bytes: what fits in a DynamoDB item (400 KB) with room to spare.
pub const MAX_KEPT: usize = 300 * 1024;

/// An answer as it was first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its `Content-Type`.
    pub content_type: String,
    /// Its `ETag`, empty when it had none.
    pub etag: String,
    /// Its body.
    pub body: String,
}

/// What a key turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// New: run, then [`Live::idempotency_finish`] or [`Live::idempotency_abandon`].
    Run,
    /// Answered before, for the same request.
    Replay(Answer),
    /// The first one is still running.
    Running,
    /// Used before, for another request.
    Reused,
}

impl Live {
    /// Claims `key` of `user` for a request whose digest is `digest`; one conditional write.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn idempotency_begin(
        &self,
        user: UserId,
        key: &str,
        digest: &str,
        now: OffsetDateTime,
    ) -> Result<Begun, Error> {
        let result = self
            .dynamo()
            .put_item()
            .table_name(self.table())
            .item("pk", pk(user))
            .item("sk", text(key))
            .item("digest", text(digest))
            .item("state", text("running"))
            .item("lease", seconds(now + LEASE))
            .item("expires", seconds(now + KEPT))
            .condition_expression(
                "attribute_not_exists(pk) OR expires < :now OR (#state = :running AND lease < :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":now", seconds(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error) {
            Ok(_) => Ok(Begun::Run),
            Err(PutItemError::ConditionalCheckFailedException(found)) => Ok(read(
                found
                    .item()
                    .ok_or(Error::dynamo("no item came with a failed condition"))?,
                digest,
            )),
            Err(error) => Err(Error::dynamo(error)),
        }
    }

    /// Keeps the first answer for those who come again.
    ///
    /// # Errors
    /// When DynamoDB does not answer; the call then may run once more after its lease.
    pub async fn idempotency_finish(
        &self,
        user: UserId,
        key: &str,
        digest: &str,
        answer: &Answer,
        now: OffsetDateTime,
    ) -> Result<(), Error> {
        self.dynamo()
            .put_item()
            .table_name(self.table())
            .item("pk", pk(user))
            .item("sk", text(key))
            .item("digest", text(digest))
            .item("state", text("done"))
            .item("status", AttributeValue::N(answer.status.to_string()))
            .item("content_type", text(&answer.content_type))
            .item("etag", text(&answer.etag))
            .item("body", text(&answer.body))
            .item("expires", seconds(now + KEPT))
            .send()
            .await
            .map_err(|error| Error::dynamo(error.into_service_error()))?;
        Ok(())
    }

    /// Gives the key back: the call failed in a way that a retry may mend.
    ///
    /// # Errors
    /// When DynamoDB does not answer; the lease then frees it.
    pub async fn idempotency_abandon(&self, user: UserId, key: &str) -> Result<(), Error> {
        self.dynamo()
            .delete_item()
            .table_name(self.table())
            .key("pk", pk(user))
            .key("sk", text(key))
            .send()
            .await
            .map_err(|error| Error::dynamo(error.into_service_error()))?;
        Ok(())
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn read(item: &Item, digest: &str) -> Begun {
    let field = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    if field("digest").as_deref() != Some(digest) {
        return Begun::Reused;
    }
    let status = item
        .get("status")
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse().ok());
    match (status, field("body")) {
        (Some(status), Some(body)) => Begun::Replay(Answer {
            status,
            content_type: field("content_type").unwrap_or_default(),
            etag: field("etag").unwrap_or_default(),
            body,
        }),
        _ => Begun::Running,
    }
}

fn pk(user: UserId) -> AttributeValue {
    text(&format!("idempotency#{user}"))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn seconds(at: OffsetDateTime) -> AttributeValue {
    AttributeValue::N(at.unix_timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: &[(&str, AttributeValue)]) -> Item {
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn a_key_for_another_body_is_told_before_anything_else() {
        let running = item(&[("digest", text("a")), ("state", text("running"))]);
        assert_eq!(read(&running, "b"), Begun::Reused);
        assert_eq!(read(&running, "a"), Begun::Running);
    }

    #[test]
    fn a_finished_one_is_replayed() {
        let done = item(&[
            ("digest", text("a")),
            ("status", AttributeValue::N("201".into())),
            ("body", text("{}")),
        ]);
        assert!(matches!(
            read(&done, "a"),
            Begun::Replay(Answer { status: 201, .. })
        ));
    }
}
