//! The reap function: what must happen later, by the minute, the hour and the day, in bounded batches.
//!
//! Every job may be run again at any time, also twice at once; what a run leaves over, the next one finds.

mod jobs;

use app::uploads::Deps;
use app::{clock, env};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;

pub use jobs::{Report, run_job};

/// Which jobs to run: what the schedule sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// What people wait for: sessions out of time, completions left half way, news that nobody was told.
    Minute,
    /// What costs: parts and objects that nobody needs.
    Hour,
    /// What only grows: old events, sessions, tokens, failed sign-ins.
    Day,
}

/// The schedule's input.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Input {
    /// Which jobs.
    pub job: Job,
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
        config: env::config()?.uploads,
    };
    let previews = env::required("MARU_PREVIEWS_FUNCTION")?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Input>| {
        let deps = deps.clone();
        let previews = previews.clone();
        async move {
            let times = (clock::now(), event.context.deadline().into());
            // Boxed: one future of every job is deeper than the compiler looks.
            let done = Box::pin(run_job(&deps, &previews, event.payload.job, times));
            Ok::<_, app::Error>(done.await)
        }
    }))
    .await
}
