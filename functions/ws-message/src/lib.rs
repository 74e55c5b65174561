//! The ws-message function: every frame of every socket, answered once.
//!
//! Nothing is dropped in silence and nothing fails the invocation: a frame that cannot be read, or
//! is one too many, is answered as any other.

mod actions;
mod guard;

use std::time::Instant;

use app::config::Config;
use app::socket::Frame;
use app::telemetry::{self, Call};
use app::{Error, Live, Problem, Store, clock, env, standing};
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest as Event;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use wire::problem::{Code, Language};
use wire::socket::{self, Control, Refused};

/// Everything this function may reach; `template.yaml` grants exactly this.
pub(crate) struct Deps {
    pub(crate) store: Store,
    pub(crate) live: Live,
    pub(crate) config: Config,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), Error> {
    let store = env::store()?;
    let deps = Deps {
        live: env::live(&store)?,
        config: env::config()?,
        store,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        receive(&deps, event.payload)
    }))
    .await
}

/// Reads a frame, does what it asks, answers it.
async fn receive(deps: &Deps, event: Event) -> Result<Value, Error> {
    let done = json!({ "statusCode": 200 });
    let began = Instant::now();
    let frame = match Frame::read(event) {
        Ok(frame) => frame,
        Err(problem) => {
            tracing::error!(error = ?problem.source, "an event that is not a frame");
            return Ok(done);
        }
    };
    let caller = &frame.caller;
    let about = telemetry::About::of(&caller.client, String::new(), Some(caller));
    let answered = Box::pin(async {
        let (route, problem) = answer(deps, &frame).await;
        let call = Call {
            route,
            method: "SOCKET",
            status: problem.map_or(200, Code::status),
            code: problem.map(Code::as_str),
        };
        telemetry::call(&call, began.elapsed(), clock::now());
    });
    telemetry::within(about, answered).await;
    Ok(done)
}

/// Does what a frame asks and answers it: what it asked for, by name, and what kept it from being done.
async fn answer(deps: &Deps, frame: &Frame) -> (&'static str, Option<Code>) {
    let (route, outcome) = respond(deps, frame).await;
    let problem = outcome.as_ref().err().map(|(_, problem)| problem.code);
    finish(deps, frame, outcome).await;
    (route, problem)
}

type Outcome = Result<String, (Option<String>, Problem)>;

/// The name of what was asked, for the log, and the answer or the refusal.
async fn respond(deps: &Deps, frame: &Frame) -> (&'static str, Outcome) {
    // Parsed even when it is one too many: the answer carries the frame's own id.
    let request = socket::parse(&frame.text);
    let id = match &request {
        Ok(request) => Some(request.id.clone()),
        Err(refused) => refused.id.clone(),
    };
    if let Err(problem) = guard::admit(deps, &frame.caller).await {
        return ("too many", Err((id, problem)));
    }
    match request {
        Ok(request) => {
            // Boxed: one future of every action is deeper than the compiler looks.
            let outcome = match Box::pin(actions::perform(deps, frame, &request)).await {
                Ok(answer) => Ok(answer),
                Err(problem) => {
                    let found = standing::or_not_found(&deps.store, &frame.caller, problem);
                    Err((id, found.await))
                }
            };
            (request.action.as_str(), outcome)
        }
        Err(Refused { code, detail, .. }) => {
            let problem = Problem::new(code).with_detail(detail);
            ("unreadable", Err((id, problem)))
        }
    }
}

/// Posts the answer, and closes the socket when it has to go.
async fn finish(deps: &Deps, frame: &Frame, outcome: Outcome) {
    let (text, parting) = match outcome {
        Ok(text) => (text, None),
        Err((id, problem)) => {
            if let Some(source) = &problem.source {
                tracing::error!(code = problem.code.as_str(), error = ?source, "a frame failed");
            }
            let body = problem.body(&frame.caller.client.request_id, Language::English);
            let parting = guard::parting(deps, &frame.connection.id, problem.code).await;
            (socket::refusal(id.as_deref(), body), parting)
        }
    };
    let to = &frame.connection.id;
    if let Err(error) = deps.live.post(to, &[text]).await {
        tracing::warn!(error = ?error, "an answer did not arrive");
    }
    if let Some(control) = parting
        && let Err(error) = part(deps, frame, control).await
    {
        tracing::warn!(error = ?error, "a socket stays open");
    }
}

async fn part(deps: &Deps, frame: &Frame, control: Control) -> Result<(), Problem> {
    let it = &frame.connection;
    let text = serde_json::to_string(&control).map_err(Problem::internal)?;
    deps.live.disconnected(it.user, &it.id, None).await?;
    deps.live.part(&it.id, &text).await?;
    Ok(())
}
