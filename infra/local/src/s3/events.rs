//! Notifications of new objects, in the shape of S3's own event documents.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tokio::sync::mpsc::UnboundedSender;

use super::model::Object;
use super::store::new_id;
use crate::faults::{Effect, Faults, Target};

/// Tells whoever listens of new objects.
#[derive(Debug)]
pub(super) struct Notifier {
    created: UnboundedSender<Value>,
    faults: Faults,
    region: String,
    sequence: AtomicU64,
}

/// What events are called in fault rules, and the beginning of their names.
const OPERATION: &str = "ObjectCreated";

impl Notifier {
    pub(super) fn new(created: UnboundedSender<Value>, faults: Faults, region: String) -> Self {
        // The time orders events of former processes before those of this one.
        let start = super::store::now().unix_timestamp_nanos() / 1_000;
        Self {
            created,
            faults,
            region,
            sequence: AtomicU64::new(u64::try_from(start).unwrap_or_default()),
        }
    }

    /// Sends the event, late, twice or never if a fault on `ObjectCreated` says so.
    ///
    /// `how` is `Put` or `CompleteMultipartUpload`.
    pub(super) fn created(&self, bucket: &str, object: &Object, how: &str) {
        let event = self.event(bucket, object, how);
        let created = self.created.clone();
        if self.faults.idle() {
            send(&created, event);
            return;
        }
        let faults = self.faults.clone();
        tokio::spawn(async move {
            match faults.check(Target::S3, OPERATION).await {
                None | Some(Effect::Delay(_)) => {}
                Some(Effect::Twice) => send(&created, event.clone()),
                Some(_) => return,
            }
            send(&created, event);
        });
    }

    fn event(&self, bucket: &str, object: &Object, how: &str) -> Value {
        let document = &object.document;
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let key: String = form_urlencoded::byte_serialize(document.key.as_bytes()).collect();
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": document.modified.format(&Rfc3339).unwrap_or_default(),
            "eventName": format!("{OPERATION}:{how}"),
            "userIdentity": {"principalId": "AWS:LOCAL"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": new_id(), "x-amz-id-2": "local"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": {"principalId": "LOCAL"},
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": {
                    "key": key,
                    "size": document.size,
                    "eTag": document.etag,
                    "sequencer": format!("{sequence:016X}"),
                },
            },
        }]})
    }
}

fn send(created: &UnboundedSender<Value>, event: Value) {
    if created.send(event).is_err() {
        tracing::debug!("nobody listens to notifications");
    }
}
