//! How a line of the log is written: one JSON object, which always says when, how grave, of which function, and
//! within a call of which one, by whom.

use std::fmt;

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::CALL;

/// What the spans around a line are called in it; the runtime's own span has names of its own.
const RENAMED: [(&str, &str); 2] = [("requestId", "request_id"), ("xrayTraceId", "trace_id")];

/// Writes lines.
pub(super) struct Lines;

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        let mut line = Map::new();
        let now = crate::clock::now().format(&Rfc3339).unwrap_or_default();
        line.insert("timestamp".into(), now.into());
        line.insert("level".into(), json!(about.level().as_str()));
        line.insert("function".into(), json!(super::function()));
        line.insert("target".into(), json!(about.target()));
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                take(&mut line, &fields.fields);
            }
        }
        // A line that is written outside a call has none.
        if let Ok(Value::Object(call)) = CALL.try_with(|about| json!(about)) {
            line.extend(call);
        }
        take(&mut line, &text_of(context.field_format(), event)?);
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The fields of an event as JSON.
fn text_of(format: &JsonFields, fields: impl RecordFields) -> Result<String, fmt::Error> {
    let mut text = String::new();
    format.format_fields(Writer::new(&mut text), fields)?;
    Ok(text)
}

/// Adds formatted fields to a line; those of an inner span replace those of an outer one.
fn take(line: &mut Map<String, Value>, fields: &str) {
    let Ok(Value::Object(fields)) = serde_json::from_str(fields) else {
        return;
    };
    for (name, value) in fields {
        let known = RENAMED.iter().find(|(theirs, _)| *theirs == name);
        let name = known.map_or(name, |(_, ours)| (*ours).to_owned());
        line.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    use domain::UserId;

    use super::super::About;
    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn r_o5_a_line_names_the_call_that_it_belongs_to() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(Lines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let runtime = tracing::info_span!("Lambda runtime invoke", requestId = "theirs");
            let _of_the_runtime = runtime.enter();
            tracing::info!("first");
            let about = About {
                request_id: "ours".to_owned(),
                user: Some(UserId(uuid::Uuid::nil())),
                ..About::default()
            };
            CALL.sync_scope(about, || tracing::warn!(count = 7, "second \"quoted\""));
        });
        let text = kept.0.lock().unwrap().clone();
        let lines: Vec<Value> = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["request_id"], "theirs");
        assert_eq!(lines[0]["message"], "first");
        assert_eq!(lines[1]["request_id"], "ours");
        assert_eq!(lines[1]["user"], uuid::Uuid::nil().to_string());
        assert_eq!(lines[1]["level"], "WARN");
        assert_eq!(lines[1]["count"], 7);
        assert_eq!(lines[1]["message"], "second \"quoted\"");
    }
}
