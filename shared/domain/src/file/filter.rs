//! Which files a list shows.

use time::OffsetDateTime;

use crate::search::Query;
use crate::upload::ContentType;
use crate::{FileId, RoomId, ThreadId, UserId};

/// Which files, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Those that this room shows; `None` for all rooms that one is in.
    pub room: Option<RoomId>,
    /// Those of this thread.
    pub thread: Option<ThreadId>,
    /// With these words in their names.
    pub query: Option<Query>,
    /// Of this type.
    pub media: Option<Media>,
    /// Sent by this person.
    pub uploader: Option<UserId>,
    /// In this state.
    pub state: State,
    /// Of at least so many bytes.
    pub least: Option<i64>,
    /// Of at most so many bytes.
    pub most: Option<i64>,
    /// Sent at this time or later.
    pub since: Option<OffsetDateTime>,
    /// Sent before this time.
    pub until: Option<OffsetDateTime>,
    /// Older than this one.
    pub before: Option<FileId>,
    /// At most so many.
    pub limit: i64,
}

/// The states that a list can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Whatever is not deleted.
    #[default]
    Standing,
    /// What can be had.
    Available,
    /// What is held back for its content.
    Quarantined,
    /// What can be restored.
    Deleted,
    /// What the room has pinned.
    Pinned,
}

/// A media type, `image/png`, or all of one kind, `image/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media(String);

impl Media {
    /// Reads `type/subtype` or `type/*`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let probe = match text.strip_suffix("/*") {
            Some(kind) => format!("{kind}/x"),
            None => text.clone(),
        };
        let parsed = ContentType::parse(&probe).ok()?;
        (parsed.essence() == probe).then_some(Self(text))
    }

    /// As an index keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The declared types that it means, for `LIKE`: with parameters or without.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        let escaped = self
            .0
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        match escaped.strip_suffix('*') {
            Some(kind) => vec![format!("{kind}%")],
            None => vec![escaped.clone(), format!("{escaped};%")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f4_types_are_exact_or_a_kind() {
        let patterns = |text| Media::parse(text).map(|media| media.patterns());
        assert_eq!(patterns("image/*").unwrap(), ["image/%"]);
        assert_eq!(
            patterns("Text/Plain").unwrap(),
            ["text/plain", "text/plain;%"]
        );
        for wrong in [
            "image",
            "*/*",
            "image/",
            "/png",
            "text/plain; charset=utf-8",
            "",
        ] {
            assert_eq!(patterns(wrong), None, "{wrong}");
        }
    }
}
