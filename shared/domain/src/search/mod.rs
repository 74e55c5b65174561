//! Finding text by words in any language, Korean first.
//!
//! One rule says what a search finds: [`Query::matches`]. Every word of the query stands somewhere in the text,
//! inside longer words too (회의 in 회의에서), whatever the case; and consonants alone (ㅎㅇ) find syllables by their
//! initials. [`grams`] are what an index keeps of a text: whatever matches holds all grams of the query, so that the
//! index narrows down and the rule decides.

mod fold;
mod gram;
mod query;

pub use fold::{fold, index_text};
pub use gram::grams;
pub use query::{BadQuery, Query};

/// A text as an index keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// What words are looked up in: [`index_text`].
    pub text: String,
    /// Its [`grams`].
    pub grams: Vec<i32>,
}

/// What an index keeps of `text`.
#[must_use]
pub fn index(text: &str) -> Indexed {
    let text = index_text(text);
    Indexed {
        grams: grams(&text),
        text,
    }
}

#[cfg(test)]
mod tests;
