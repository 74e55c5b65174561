//! The services of AWS that live inside this process: S3, DynamoDB, Secrets Manager.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::plan::Plan;
use crate::data::Data;
use crate::dynamodb::DynamoDb;
use crate::ports::loopback;
use crate::s3::{self, S3};
use crate::secrets::Secrets;
use crate::template::Template;
use crate::{Error, say};

/// The key pair that every instance has, and the only one that S3 knows.
const KEY: &str = "local";

/// Where everything is.
const REGION: &str = "ap-northeast-2";

/// Running services.
#[derive(Debug)]
pub(super) struct Stores {
    pub(super) s3: S3,
    pub(super) dynamodb: DynamoDb,
    secrets: Secrets,
}

impl Stores {
    /// Starts all three; the receiver hears of each new object.
    ///
    /// # Errors
    /// The first that fails.
    pub(super) async fn start(
        data: &Data,
        plan: &Plan,
        template: &Template,
    ) -> Result<(Self, UnboundedReceiver<Value>), Error> {
        let since = Instant::now();
        let (sender, created) = unbounded_channel();
        let table = template
            .tables
            .first()
            .map_or("maru", |table| table.name.as_str());
        let listen = |port: u16| loopback(port);
        let dynamodb = DynamoDb::start(
            Some(data.path("dynamodb.sqlite")),
            listen(plan.ports.dynamodb),
            table,
            plan.faults.clone(),
        );
        let s3 = S3::start(
            s3_options(data, plan, template),
            sender,
            plan.faults.clone(),
        );
        let secrets = Secrets::start(data.path("secrets.json"), listen(plan.ports.secrets));
        let (dynamodb, s3, secrets) = tokio::try_join!(dynamodb, s3, secrets)?;
        for secret in &template.secrets {
            secrets.seed(&secret.arn, &secret.value)?;
        }
        say::ready("S3", s3.url(), since);
        say::ready("DynamoDB", dynamodb.url(), since);
        let stores = Self {
            s3,
            dynamodb,
            secrets,
        };
        Ok((stores, created))
    }

    /// The variables by which the SDK finds these instead of AWS.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        [
            ("AWS_ENDPOINT_URL_S3", self.s3.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets.url()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Ends all three; what they hold stays on disk.
    pub(super) async fn stop(self) {
        tokio::join!(self.s3.stop(), self.dynamodb.stop(), self.secrets.stop());
    }
}

fn s3_options(data: &Data, plan: &Plan, template: &Template) -> s3::Options {
    let origins = template
        .buckets
        .iter()
        .filter_map(|bucket| bucket.cors.as_ref())
        .flat_map(|cors| cors.origins.clone());
    s3::Options {
        root: data.path("s3"),
        listen: loopback(plan.ports.s3),
        access_key: KEY.to_owned(),
        secret_key: KEY.to_owned(),
        region: REGION.to_owned(),
        buckets: template
            .buckets
            .iter()
            .map(|bucket| bucket.name.clone())
            .collect(),
        cors_origins: origins.collect(),
    }
}
