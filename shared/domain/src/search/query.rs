//! What is searched for.

use super::{fold, gram};

/// One to [`Query::MAX_WORDS`] folded words, all of which must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
}

/// Why a query was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// It has no word.
    #[error("a search has at least one word")]
    Empty,
    /// It has too many characters or words.
    #[error(
        "a search has at most {} words and {} characters",
        Query::MAX_WORDS,
        Query::MAX_CHARS
    )]
    TooLong,
}

impl Query {
    /// Most words.
    pub const MAX_WORDS: usize = 10;
    /// Most characters, as they were typed.
    pub const MAX_CHARS: usize = 200;

    /// Reads words parted by white space.
    ///
    /// # Errors
    /// [`BadQuery`].
    pub fn parse(text: &str) -> Result<Self, BadQuery> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(BadQuery::TooLong);
        }
        // What nobody can see is nothing to look for.
        let visible: String = text.chars().filter(|c| *c != '\0').collect();
        let mut words: Vec<String> = fold(&visible)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        words.sort_unstable();
        words.dedup();
        match words.len() {
            0 => Err(BadQuery::Empty),
            1..=Self::MAX_WORDS => Ok(Self { words }),
            _ => Err(BadQuery::TooLong),
        }
    }

    /// The rule: whether a text, as [`super::index_text`] writes it, is found.
    #[must_use]
    pub fn matches(&self, index_text: &str) -> bool {
        self.words
            .iter()
            .all(|word| index_text.contains(word.as_str()))
    }

    /// Grams that every text that matches holds.
    #[must_use]
    pub fn grams(&self) -> Vec<i32> {
        let mut grams: Vec<i32> = self
            .words
            .iter()
            .flat_map(|word| gram::needed(word))
            .collect();
        grams.sort_unstable();
        grams.dedup();
        grams
    }

    /// The same rule for SQL: a text matches when it is `LIKE` all of these.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        self.words.iter().map(|word| pattern(word)).collect()
    }
}

fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
