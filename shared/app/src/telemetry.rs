//! What a function says of itself: JSON log lines, and metrics in CloudWatch's embedded format.
//!
//! Nothing here takes a body, a token or a URL: there is no way to log one by accident.
#![expect(
    clippy::disallowed_methods,
    reason = "the environment tells what to log and, by Lambda, the function's name"
)]

mod lines;

use std::io::Write as _;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use domain::{CompanyId, UserId};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use time::OffsetDateTime;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use lines::Lines;

use crate::{Caller, Client};

/// What became of a call, as its one line tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Call<'a> {
    /// The route's pattern, or the socket's action; never the path itself.
    pub route: &'a str,
    /// The method.
    pub method: &'a str,
    /// The status it was answered with.
    pub status: u16,
    /// The problem's code, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// Starts logging to standard output, a JSON object a line. `MARU_LOG` filters by level and module (default `info`;
/// `info,live=debug`).
pub fn init() {
    // Not `EnvFilter`: it also matches fields, for which it brings a regex engine into every binary.
    let wanted = std::env::var("MARU_LOG").ok();
    let filter = wanted.and_then(|wanted| wanted.parse().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(
            fmt::layer()
                .fmt_fields(JsonFields::new())
                .event_format(Lines),
        )
        .try_init();
    if started.is_err() {
        // Several functions in one process (tests): the first one started it for all.
        tracing::debug!("logging runs already");
    }
    // Where, never what: the words of a panic may hold what somebody wrote.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a panic");
    }));
}

/// What every line says that is written during a call: which one, and whose, if that is known.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// The request's id.
    pub request_id: String,
    /// The trace that X-Ray knows it by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
    /// The caller's company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// The caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
}

impl About {
    /// The call of `client`, by `caller` if it is known who that is.
    #[must_use]
    pub fn of(client: &Client, trace_id: String, caller: Option<&Caller>) -> Self {
        Self {
            request_id: client.request_id.clone(),
            trace_id,
            company: caller.map(|caller| caller.company),
            user: caller.map(|caller| caller.user),
        }
    }
}

tokio::task_local! {
    // Not a span: that is written as JSON when it begins, also for the many calls that log nothing.
    static CALL: About;
}

/// Runs what belongs to the call `about`: so say all lines that it writes.
pub async fn within<T>(about: About, call: impl Future<Output = T>) -> T {
    CALL.scope(about, call).await
}

/// The name of the function that this process is.
pub fn function() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default())
}

/// Writes the one line of a finished call, [`within`] it: access log and metrics together.
pub fn call(call: &Call<'_>, took: Duration, now: OffsetDateTime) {
    let line = |about: Option<&About>| {
        serde_json::to_vec(&Line {
            aws: Metrics {
                timestamp: now.unix_timestamp() * 1_000 + i64::from(now.millisecond()),
                directives: DIRECTIVES.as_deref(),
            },
            level: "INFO",
            function: function(),
            about,
            call,
            duration_ms: took.as_secs_f64() * 1_000.0,
            faults: u8::from(call.status >= 500),
            refusals: u8::from((400..500).contains(&call.status)),
        })
    };
    let text = CALL.try_with(|about| line(Some(about)));
    let Ok(mut text) = text.unwrap_or_else(|_| line(None)) else {
        return;
    };
    text.push(b'\n');
    if std::io::stdout().write_all(&text).is_err() {
        // Nobody listens any more; the call itself was answered.
        tracing::debug!("standard output is closed");
    }
}

/// The line of a call. `_aws` makes CloudWatch take the fields that it names as metrics
/// (the embedded metric format's specification).
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_aws")]
    aws: Metrics,
    level: &'static str,
    function: &'static str,
    #[serde(flatten)]
    about: Option<&'a About>,
    #[serde(flatten)]
    call: &'a Call<'a>,
    duration_ms: f64,
    faults: u8,
    refusals: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metrics {
    /// Unix milliseconds.
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: Option<&'static RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: [&'static [&'static str]; 2],
    metrics: [Metric; 3],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

/// Written once: every call's line has it.
static DIRECTIVES: LazyLock<Option<Box<RawValue>>> =
    LazyLock::new(|| to_raw_value(&[DIRECTIVE]).ok());

const DIRECTIVE: Directive = Directive {
    namespace: "Maru",
    dimensions: [&["function"], &["function", "route"]],
    metrics: [
        Metric {
            name: "duration_ms",
            unit: "Milliseconds",
        },
        Metric {
            name: "faults",
            unit: "Count",
        },
        Metric {
            name: "refusals",
            unit: "Count",
        },
    ],
};
