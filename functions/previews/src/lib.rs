//! The previews function: makes what people see of a file before they fetch it (R-F3).
//!
//! Foreign bytes are only ever read in a process of their own ([`render`]) that has no credentials, no network, a
//! bounded heap and bounded time: whatever a hostile file does there is an answer, never a crash that comes again.

mod protocol;
mod render;
mod worker;

use app::{Files, Live, Problem, Store, clock, env, previews};
use domain::preview::{Preview, Reason};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;

pub use render::render;
pub use worker::Worker;

use worker::Failure;

/// Everything this function may reach; `template.yaml` grants exactly this.
#[derive(Clone)]
pub struct Deps {
    /// Postgres.
    pub store: Store,
    /// The sockets that hear of a preview.
    pub live: Live,
    /// The bucket.
    pub files: Files,
    /// Starts the processes that read files.
    pub worker: Worker,
}

/// What the inspect function and the reaper hand over.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The object whose preview is wanted.
    pub key: String,
}

/// Serves invocations until the instance is taken away. With the arguments `render` this very program is to call
/// [`render`].
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run(render: &[&str]) -> Result<(), app::Error> {
    let store = env::store()?;
    let deps = Deps {
        live: env::live(&store)?,
        store,
        files: env::files()?,
        worker: Worker::this_program(render)?,
    };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Input>| {
        let deps = deps.clone();
        async move { preview(&deps, &event.payload.key).await }
    }))
    .await
}

/// Makes the preview of one object and tells of it. Calls come at least once, late, in any order and two at a time; a
/// failure brings the call again, and a file that breaks this function itself is given up after a few times.
///
/// # Errors
/// When a store did not answer.
pub async fn preview(deps: &Deps, key: &str) -> Result<(), app::Error> {
    let Deps {
        store, live, files, ..
    } = deps;
    let at = clock::now();
    let begun = previews::begin(store, live, files, key, at).await;
    let Some(begun) = begun.map_err(failed)? else {
        return Ok(());
    };
    let made = match begun.blocked {
        true => Ok(Some(Preview::unavailable(Reason::Blocked))),
        false => make(deps, key, begun.size).await,
    };
    let done = match made {
        Ok(Some(made)) => {
            tracing::info!(company = %begun.company, state = made.state.as_str(), reason = ?made.reason, "previewed");
            previews::finish(store, live, files, &begun, (key, &made), clock::now()).await
        }
        // Deleted meanwhile, or never needed.
        Ok(None) => previews::remove(files, key).await,
        Err(problem) => Err(problem),
    };
    if done.is_err() {
        previews::put_back(store, key).await;
    }
    done.map_err(failed)
}

/// The preview, its renditions stored; `None` when there is no such object (any more).
async fn make(deps: &Deps, key: &str, size: u64) -> Result<Option<Preview>, Problem> {
    let made = deps.worker.look_at(&deps.files, key, size).await;
    let (preview, pictures) = match made {
        Ok(made) => made,
        Err(Failure::Gone) => return Ok(None),
        Err(Failure::Hostile(reason)) => return Ok(Some(Preview::unavailable(reason))),
        Err(Failure::Store(error)) => return Err(error.into()),
        Err(Failure::Process(error)) => return Err(Problem::internal(error)),
    };
    for (rendition, bytes) in preview.renditions.iter().zip(pictures) {
        let to = rendition.size.key(key);
        deps.files.put(&to, bytes, &rendition.content_type).await?;
    }
    Ok(Some(preview))
}

fn failed(problem: Problem) -> app::Error {
    match problem.source {
        Some(source) => source,
        None => problem.code.as_str().into(),
    }
}
