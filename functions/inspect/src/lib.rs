//! The inspect function: looks at each new object in the bucket, and hears what a malware scanner says about it.

mod scan;

use app::{Files, Live, Problem, Store, clock, env, files, previews, scans};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;

pub use scan::ScanResult;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// The sockets that hear of a quarantine.
    pub live: Live,
    /// The bucket.
    pub files: Files,
    /// The function that makes previews.
    pub previews: String,
}

/// What this function is called with.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// A malware scanner's result, from EventBridge.
    Scanned(ScanResult),
    /// New objects, from S3.
    Created(Notification),
}

/// What S3 sends, as far as it matters here: the keys of new objects.
#[derive(Debug, Clone, Deserialize)]
pub struct Notification {
    /// One a new object.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One new object.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    /// Where it is.
    pub s3: Place,
}

/// Where an object is.
#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    /// The object.
    pub object: Object,
}

/// An object.
#[derive(Debug, Clone, Deserialize)]
pub struct Object {
    /// Its key, encoded as in a form.
    pub key: String,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    let store = env::store()?;
    let deps = Deps {
        live: env::live(&store)?,
        store,
        files: env::files()?,
        previews: env::required("MARU_PREVIEWS_FUNCTION")?,
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Input>| {
        let deps = deps.clone();
        async move {
            match event.payload {
                Input::Scanned(result) => scanned(&deps, &result).await,
                Input::Created(event) => inspect(&deps, event).await,
            }
        }
    }))
    .await
}

/// Looks at each object of `event`, then asks for its preview. The event comes at least once, late and in any order; a
/// failure brings it again.
///
/// # Errors
/// When a store did not answer.
pub async fn inspect(deps: &Deps, event: Notification) -> Result<(), app::Error> {
    for record in event.records {
        let key = decoded(&record.s3.object.key);
        let ours = files::inspect(&deps.store, &deps.live, &deps.files, &key, clock::now()).await;
        if ours.map_err(failed)? {
            let asked = previews::ask(&deps.live, &deps.previews, &key).await;
            asked.map_err(failed)?;
        }
    }
    Ok(())
}

/// Takes down what a malware scanner found. Results come once or more, late, in any order; a failure brings one again.
///
/// # Errors
/// When a store did not answer.
pub async fn scanned(deps: &Deps, result: &ScanResult) -> Result<(), app::Error> {
    let Some(status) = result.status() else {
        // A scan that could not be made is no finding: somebody must look at the scanner.
        tracing::warn!(
            key = result.key(),
            status = result.said(),
            "a scan came to nothing"
        );
        return Ok(());
    };
    let threats = result.threats();
    let finding = (status, threats.as_slice());
    let found = scans::found(&deps.store, &deps.live, result.key(), finding, result.at).await;
    found.map_err(failed)
}

/// A key as S3 knows it: the event has it encoded as in a form, `/` perhaps included.
fn decoded(key: &str) -> String {
    let pairs = form_urlencoded::parse(key.as_bytes());
    pairs.map(|(name, _)| name).collect()
}

fn failed(problem: Problem) -> app::Error {
    match problem.source {
        Some(source) => source,
        None => problem.code.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_whether_or_not_their_slash_is_encoded() {
        assert_eq!(decoded("a-1%2Fb-2"), "a-1/b-2");
        assert_eq!(decoded("a-1/b-2"), "a-1/b-2");
    }

    #[test]
    fn r_u8_what_s3_sends_is_read() {
        let event = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"a%2Fb","size":1}}}]}"#;
        let read: Notification = serde_json::from_str(event).unwrap();
        assert_eq!(read.records[0].s3.object.key, "a%2Fb");
    }
}
