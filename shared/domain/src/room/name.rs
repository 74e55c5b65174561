//! The texts and figures of a room that cannot be invalid.

use crate::text;

/// Why a text was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Too short or too long, counted in characters after trimming.
    #[error("it has {least} to {most} characters")]
    Length {
        /// Fewest characters.
        least: usize,
        /// Most characters.
        most: usize,
    },
    /// It holds a control character, which no one can see or type.
    #[error("it holds a control character")]
    Control,
}

/// What a room is called: 3 to 100 characters, trimmed, NFC, otherwise as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    /// Fewest characters.
    pub const MIN_CHARS: usize = 3;
    /// Most characters.
    pub const MAX_CHARS: usize = 100;

    /// Takes `text` if it can name a room.
    ///
    /// # Errors
    /// [`BadText`].
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let text = text::nfc(text.trim());
        if text.chars().any(char::is_control) {
            return Err(BadText::Control);
        }
        length(&text, Self::MIN_CHARS, Self::MAX_CHARS)?;
        Ok(Self(text))
    }

    /// As people see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As names are compared: two rooms of a company never share a key.
    #[must_use]
    pub fn key(&self) -> String {
        text::key(&self.0)
    }
}

/// What a room is for: up to 500 characters, lines allowed, may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

impl Description {
    /// Most characters.
    pub const MAX_CHARS: usize = 500;

    /// Takes `text` if it can describe a room.
    ///
    /// # Errors
    /// [`BadText`].
    pub fn parse(text: &str) -> Result<Self, BadText> {
        let text = text::nfc(text.trim());
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(BadText::Control);
        }
        length(&text, 0, Self::MAX_CHARS)?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How many people a room holds: 2 to 100,000, 1,000 when nothing else is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberLimit(i32);

impl MemberLimit {
    /// The smallest room.
    pub const LEAST: i32 = 2;
    /// The largest room.
    pub const MOST: i32 = 100_000;

    /// Takes `people` if it is in range.
    #[must_use]
    pub fn new(people: i64) -> Option<Self> {
        let people = i32::try_from(people).ok()?;
        (Self::LEAST..=Self::MOST)
            .contains(&people)
            .then_some(Self(people))
    }

    /// The number of people.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl Default for MemberLimit {
    fn default() -> Self {
        Self(1_000)
    }
}

fn length(text: &str, least: usize, most: usize) -> Result<(), BadText> {
    if (least..=most).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(BadText::Length { least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_c1_names_have_3_to_100_characters_after_trimming() {
        assert!(RoomName::parse(" ab ").is_err());
        assert!(RoomName::parse("abc").is_ok());
        assert!(RoomName::parse(&"가".repeat(100)).is_ok());
        assert!(RoomName::parse(&"가".repeat(101)).is_err());
        assert!(RoomName::parse("   ").is_err());
    }

    #[test]
    fn r_c1_names_are_plain_text_as_typed() {
        let name = RoomName::parse("<b>R&D</b> #1").unwrap();
        assert_eq!(name.as_str(), "<b>R&D</b> #1");
        assert_eq!(RoomName::parse("a\0bc"), Err(BadText::Control));
        assert_eq!(RoomName::parse("two\nlines"), Err(BadText::Control));
    }

    #[test]
    fn r_c1_decomposed_hangul_is_counted_and_compared_composed() {
        let typed = "\u{1112}\u{116c}\u{110b}\u{1174}"; // 회의, as macOS writes it
        assert!(
            RoomName::parse(typed).is_err(),
            "two syllables are too short"
        );
        let name = RoomName::parse(&format!("{typed} A")).unwrap();
        assert_eq!(name.as_str(), "회의 A");
        assert_eq!(name.key(), RoomName::parse("회의 a").unwrap().key());
    }

    #[test]
    fn descriptions_may_be_empty_and_have_lines() {
        assert!(Description::parse("").is_ok());
        assert!(Description::parse("one\ntwo").is_ok());
        assert!(Description::parse("a\u{0}").is_err());
        assert!(Description::parse(&"x".repeat(501)).is_err());
    }

    #[test]
    fn r_c4_limits_are_2_to_100_000_and_1_000_by_default() {
        assert_eq!(MemberLimit::default().get(), 1_000);
        for (people, fits) in [
            (1, false),
            (2, true),
            (100_000, true),
            (100_001, false),
            (i64::MAX, false),
        ] {
            assert_eq!(MemberLimit::new(people).is_some(), fits, "{people}");
        }
    }
}
