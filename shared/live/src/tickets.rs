//! Tickets: how a browser, which cannot send headers with a socket, proves who it is. Single use.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{CompanyId, SessionId, UserId};
use time::OffsetDateTime;

use crate::sign::hash;
use crate::{Error, Live};

/// Whom a ticket lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The person's company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// Their session.
    pub session: SessionId,
}

impl Live {
    /// Keeps a ticket until `expires`. Only a digest of `secret` is stored.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn keep_ticket(
        &self,
        secret: &str,
        ticket: &Ticket,
        expires: OffsetDateTime,
    ) -> Result<(), Error> {
        self.dynamo()
            .put_item()
            .table_name(self.table())
            .item("pk", key(secret))
            .item("sk", AttributeValue::S("ticket".into()))
            .item("company", AttributeValue::S(ticket.company.to_string()))
            .item("user", AttributeValue::S(ticket.user.to_string()))
            .item("session", AttributeValue::S(ticket.session.to_string()))
            .item(
                "expires",
                AttributeValue::N(expires.unix_timestamp().to_string()),
            )
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await
            .map_err(Error::dynamo)?;
        Ok(())
    }

    /// Takes a ticket: the first to ask gets it, nobody after, and nobody once it has expired.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn take_ticket(
        &self,
        secret: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Ticket>, Error> {
        let answer = self
            .dynamo()
            .delete_item()
            .table_name(self.table())
            .key("pk", key(secret))
            .key("sk", AttributeValue::S("ticket".into()))
            .condition_expression("expires > :now")
            .expression_attribute_values(
                ":now",
                AttributeValue::N(now.unix_timestamp().to_string()),
            )
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.attributes.as_ref().and_then(read)),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Err(error) => Err(Error::dynamo(error)),
        }
    }
}

fn key(secret: &str) -> AttributeValue {
    AttributeValue::S(format!("ticket#{}", hash(secret.as_bytes())))
}

fn read(item: &HashMap<String, AttributeValue>) -> Option<Ticket> {
    let text = |name: &str| item.get(name)?.as_s().ok();
    Some(Ticket {
        company: text("company")?.parse().ok()?,
        user: text("user")?.parse().ok()?,
        session: text("session")?.parse().ok()?,
    })
}
