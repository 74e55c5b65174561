//! A room's messages in pages, from any place in any direction.

use domain::history::{self, History, Place, Window};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::messages::MessageView;
use super::page::{self, Page};
use super::words;
use crate::cursor;
use crate::problem::FieldError;

/// Which part of a room's messages to read. At most one of `cursor`, `before`, `after` and `around`; none: the newest.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Page size, 50 unless asked.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// A cursor from an earlier page.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
    /// A message id or a seq: older messages than it, newest first.
    #[param(inline, value_type = Option<words::MessagePlace>)]
    pub before: Option<String>,
    /// A message id or a seq: newer messages than it, oldest first.
    #[param(inline, value_type = Option<words::MessagePlace>)]
    pub after: Option<String>,
    /// A message id or a seq: the messages on either side of it and itself, newest first.
    #[param(inline, value_type = Option<words::MessagePlace>)]
    pub around: Option<String>,
}

/// Where a page of messages ends, and which way it goes on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Step {
    #[serde(rename = "o")]
    Older(i64),
    #[serde(rename = "n")]
    Newer(i64),
}

impl HistoryQuery {
    /// Which part is asked for, and how many messages.
    ///
    /// # Errors
    /// All the parameters that are wrong.
    pub fn parse(&self) -> Result<(Window, i64), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut windows = Vec::new();
        let mut keep = |window: Option<Result<Window, FieldError>>| match window {
            Some(Ok(window)) => windows.push(window),
            Some(Err(error)) => errors.push(error),
            None => {}
        };
        keep(
            self.cursor
                .as_deref()
                .map(|text| cursor::decode(text).map(Step::window)),
        );
        keep(place("before", self.before.as_deref()).map(|place| place.map(Window::Before)));
        keep(place("after", self.after.as_deref()).map(|place| place.map(Window::After)));
        keep(place("around", self.around.as_deref()).map(|place| place.map(Window::Around)));
        if windows.len() > 1 {
            let detail = "at most one of cursor, before, after and around";
            errors.push(FieldError::new("query", "conflicting", detail));
        }
        match page::limit(self.limit, history::USUAL_PAGE, history::LARGEST_PAGE) {
            Ok(limit) if errors.is_empty() => Ok((windows.pop().unwrap_or(Window::Latest), limit)),
            limit => {
                errors.extend(limit.err());
                Err(errors)
            }
        }
    }
}

/// The page of `window` as it is read: in the direction that it walks, so that `next_cursor` always goes on.
#[must_use]
pub fn page(window: Window, history: History) -> Page<MessageView> {
    let mut items: Vec<MessageView> = history.items.into_iter().map(Into::into).collect();
    let newest = items.first().map(|message| Step::Newer(message.seq));
    let oldest = items.last().map(|message| Step::Older(message.seq));
    let newer = newest
        .filter(|_| history.newer)
        .map(|step| cursor::encode(&step));
    let older = oldest
        .filter(|_| history.older)
        .map(|step| cursor::encode(&step));
    let (next_cursor, prev_cursor) = if matches!(window, Window::After(_)) {
        items.reverse();
        (newer, older)
    } else {
        (older, newer)
    };
    Page {
        items,
        next_cursor,
        prev_cursor,
    }
}

impl Step {
    fn window(self) -> Window {
        match self {
            Self::Older(seq) => Window::Before(Place::Seq(seq)),
            Self::Newer(seq) => Window::After(Place::Seq(seq)),
        }
    }
}

fn place(field: &str, text: Option<&str>) -> Option<Result<Place, FieldError>> {
    let text = text?;
    let seq = text.parse().ok().filter(|seq| *seq >= 0).map(Place::Seq);
    let place = seq.or_else(|| text.parse().ok().map(Place::Message));
    Some(place.ok_or_else(|| FieldError::new(field, "bad_place", "the id of a message, or a seq")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect()
    }

    #[test]
    fn r_m6_windows_and_limits() {
        let ask = |query: HistoryQuery| query.parse();
        assert_eq!(ask(HistoryQuery::default()), Ok((Window::Latest, 50)));
        let seven = Some("7".to_owned());
        let query = HistoryQuery {
            limit: Some(100),
            before: seven.clone(),
            ..Default::default()
        };
        assert_eq!(ask(query), Ok((Window::Before(Place::Seq(7)), 100)));
        let cursor = Some(cursor::encode(&Step::Newer(7)));
        let query = HistoryQuery {
            cursor,
            ..Default::default()
        };
        assert_eq!(ask(query), Ok((Window::After(Place::Seq(7)), 50)));
        let query = HistoryQuery {
            limit: Some(101),
            cursor: Some("?".into()),
            before: seven.clone(),
            after: seven,
            around: Some("-1".into()),
        };
        assert_eq!(
            fields(&ask(query).unwrap_err()),
            [
                ("cursor", "bad_cursor"),
                ("around", "bad_place"),
                ("query", "conflicting"),
                ("limit", "out_of_range")
            ]
        );
    }
}
