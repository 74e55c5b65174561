//! Invocations that nobody waits for: asynchronous calls, schedules, news of the bucket.

use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Error, Lambda};
use crate::template::{Bucket, Schedule};

impl Lambda {
    /// Calls functions at their rates, from one period after now until [`Lambda::stop`].
    pub fn follow_schedules(&self, schedules: &[Schedule]) {
        for schedule in schedules.iter().cloned() {
            let lambda = self.clone();
            self.0.tasks.spawn(async move {
                let stop = lambda.0.stop.clone();
                let first = tokio::time::Instant::now() + schedule.every;
                let mut ticks = tokio::time::interval_at(first, schedule.every);
                while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                    tell(&lambda, &schedule.function, schedule.input.clone().into());
                }
            });
        }
    }

    /// Hands the S3 events that come through `created` to the functions that `buckets` names.
    pub fn follow_buckets(&self, buckets: &[Bucket], mut created: UnboundedReceiver<Value>) {
        let (lambda, buckets) = (self.clone(), buckets.to_vec());
        self.0.tasks.spawn(async move {
            let stop = lambda.0.stop.clone();
            while let Some(Some(event)) = stop.run_until_cancelled(created.recv()).await {
                let payload = Bytes::from(event.to_string());
                for function in interested(&buckets, &event) {
                    tell(&lambda, function, payload.clone());
                }
            }
        });
    }
}

/// Delivers one asynchronous invocation, with its retries.
pub(super) async fn event(lambda: &Lambda, name: &str, payload: Bytes) {
    let Some(pool) = lambda.0.pools.get(name) else {
        return;
    };
    let accepted = Instant::now();
    let mut failures = 0;
    while accepted.elapsed() < pool.function.event_max_age {
        match lambda.invoke(name, payload.clone()).await {
            Ok(_) => return,
            // Lambda waits for capacity without counting it as a try.
            Err(Error::Throttled) => {}
            Err(error) if failures >= pool.function.event_retries => {
                tracing::error!(function = name, %error, "an event was given up");
                return;
            }
            Err(error) => {
                tracing::warn!(function = name, %error, "an event will be tried again");
                failures += 1;
            }
        }
        tokio::time::sleep(lambda.0.options.event_backoff * failures.max(1)).await;
    }
    tracing::error!(function = name, "an event grew too old");
}

fn tell(lambda: &Lambda, function: &str, payload: Bytes) {
    if let Err(error) = lambda.invoke_event(function, payload) {
        tracing::error!(function, %error, "an event was not accepted");
    }
}

/// The functions that want to hear of this S3 event.
fn interested<'a>(buckets: &'a [Bucket], event: &'a Value) -> impl Iterator<Item = &'a str> {
    let record = &event["Records"][0];
    let bucket = record["s3"]["bucket"]["name"].as_str().unwrap_or_default();
    let kind = record["eventName"].as_str().unwrap_or_default();
    buckets
        .iter()
        .filter(move |known| known.name == bucket)
        .flat_map(|known| &known.notifications)
        .filter(move |(wanted, _)| {
            let wanted = wanted.strip_prefix("s3:").unwrap_or(wanted);
            wanted == kind
                || wanted
                    .strip_suffix('*')
                    .is_some_and(|start| kind.starts_with(start))
        })
        .map(|(_, function)| function.as_str())
}
