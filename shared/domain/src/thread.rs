//! Threads, as far as files make them: title, description, type.

use crate::text;

/// The title of a thread: plain text, NFC, [`Title::MIN_CHARS`] to [`Title::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Title(String);

/// What a thread is about, in a few sentences: NFC, at most [`Description::MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Description(String);

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Talking something over.
    Discussion,
    /// Around a file.
    FileSharing,
    /// Few write, many read.
    Announcement,
    /// Somebody wants to know.
    Question,
}

/// A thread that somebody wants; without a title it takes one from what it is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its title.
    pub title: Option<Title>,
    /// What it is about.
    pub description: Description,
    /// What it is for.
    pub kind: Kind,
}

/// What is wrong with a part of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too few or too many characters.
    #[error("a title has {} to {} characters", Title::MIN_CHARS, Title::MAX_CHARS)]
    BadTitle,
    /// Too many characters.
    #[error("a description has at most {} characters", Description::MAX_CHARS)]
    BadDescription,
}

impl Title {
    /// Fewest characters.
    pub const MIN_CHARS: usize = 3;
    /// Most characters.
    pub const MAX_CHARS: usize = 200;
    /// Most characters of a title that a number is put behind.
    const STEM_CHARS: usize = 190;

    /// Trims and takes `text`.
    ///
    /// # Errors
    /// [`Fault::BadTitle`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let title = text::nfc(text.trim());
        let fits = (Self::MIN_CHARS..=Self::MAX_CHARS).contains(&title.chars().count());
        if fits && !title.contains(char::is_control) {
            Ok(Self(title))
        } else {
            Err(Fault::BadTitle)
        }
    }

    /// The title that a thread about the file `name` has by itself: the name, as far as it fits.
    #[must_use]
    pub fn of_file(name: &str) -> Self {
        let short: String = name.chars().take(Self::MAX_CHARS).collect();
        Self::parse(&short).unwrap_or_else(|_| Self(format!("file {}", short.trim())))
    }

    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As titles are compared.
    #[must_use]
    pub fn key(&self) -> String {
        text::key(&self.0)
    }

    /// What of it leaves room for a number behind it.
    #[must_use]
    pub fn stem(&self) -> Self {
        let stem: String = self.0.chars().take(Self::STEM_CHARS).collect();
        Self(stem.trim_end().to_owned())
    }
}

impl Description {
    /// Most characters.
    pub const MAX_CHARS: usize = 1_000;

    /// Trims and takes `text`.
    ///
    /// # Errors
    /// [`Fault::BadDescription`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let description = text::nfc(text.trim());
        if description.contains('\0') || description.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(Fault::BadDescription);
        }
        Ok(Self(description))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Discussion,
        Self::FileSharing,
        Self::Announcement,
        Self::Question,
    ];

    /// Its name in answers and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Discussion => "discussion",
            Self::FileSharing => "file_sharing",
            Self::Announcement => "announcement",
            Self::Question => "question",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_t1_titles_are_counted_in_characters() {
        assert_eq!(Title::parse(" 회의록 ").unwrap().as_str(), "회의록");
        for bad in ["", "ab", "a\nb\nc", &"가".repeat(201)] {
            assert_eq!(Title::parse(bad), Err(Fault::BadTitle), "{bad:?}");
        }
        assert!(Title::parse(&"가".repeat(200)).is_ok());
        assert!(Description::parse(&"가".repeat(1_000)).is_ok());
        assert!(Description::parse(&"가".repeat(1_001)).is_err());
    }

    #[test]
    fn r_u9_any_file_name_gives_a_title() {
        for name in ["a", "회의.pdf", &"가".repeat(255), "👨‍👩‍👧"] {
            let title = Title::of_file(name);
            assert!(Title::parse(title.as_str()).is_ok(), "{name:?}");
            assert!(title.stem().as_str().chars().count() <= 190);
        }
    }

    #[test]
    fn stored_words_come_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }
}
