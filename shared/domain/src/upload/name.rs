//! The names of files: what people typed, without what could deceive or escape.

use std::fmt;

/// A file name: NFC, 1 to [`FileName::MAX_CHARS`] characters, no control or bidirectional-control
/// characters, no path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// Why a file name was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing is left of it, or too much.
    #[error("a file name has 1 to {} characters", FileName::MAX_CHARS)]
    Length,
    /// It names a place, not a file.
    #[error("a file name holds no path: neither `/` nor `\\`, and it is not `.` or `..`")]
    Path,
}

impl FileName {
    /// Longest name, in characters (Unicode scalar values) after normalisation: 255 Hangul syllables
    /// are fine although they are 765 bytes; the name is never a key or a path of ours.
    pub const MAX_CHARS: usize = 255;

    /// Cleans `name` and takes it if it still names a file.
    ///
    /// Control and bidirectional-control characters are dropped (so that `gpj.exe` cannot pose as
    /// `exe.jpg`), as is white space around it. Joiners that emoji are made of stay.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn parse(name: &str) -> Result<Self, BadName> {
        let kept: String = name.chars().filter(|c| !deceives(*c)).collect();
        let name = crate::text::nfc(kept.trim());
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(BadName::Path);
        }
        match name.chars().count() {
            1..=Self::MAX_CHARS => Ok(Self(name)),
            _ => Err(BadName::Length),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot, in lower case; empty when there is none. Trailing dots and spaces
    /// do not count, because Windows drops them.
    #[must_use]
    pub fn extension(&self) -> String {
        let name = self
            .0
            .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        match name.rsplit_once('.') {
            Some((_, extension)) => extension.trim().to_lowercase(),
            None => String::new(),
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, line separators, and the invisible ones that reorder text.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(name: &str) -> Result<String, BadName> {
        FileName::parse(name).map(|name| name.0)
    }

    #[test]
    fn r_f2_names_are_cleaned() {
        assert_eq!(
            parsed("\u{1112}\u{116c}\u{110b}\u{1174}.pdf").unwrap(),
            "회의.pdf"
        );
        assert_eq!(parsed(" a\u{202e}gpj.exe\n").unwrap(), "agpj.exe");
        assert_eq!(parsed("👨‍👩‍👧 \"우리\".png").unwrap(), "👨‍👩‍👧 \"우리\".png");
        assert_eq!(parsed("...").unwrap(), "...");
        assert_eq!(parsed(&"가".repeat(255)).unwrap().len(), 765);
    }

    #[test]
    fn paths_and_nothing_are_refused() {
        for path in [
            "a/b",
            "a\\b",
            "..",
            ".",
            "../etc/passwd",
            ".\u{0}.",
            "\u{202e}..",
            "/",
        ] {
            assert_eq!(parsed(path), Err(BadName::Path), "{path:?}");
        }
        for name in ["", "  ", "\u{0}\u{7}", &"가".repeat(256)] {
            assert_eq!(parsed(name), Err(BadName::Length), "{name:?}");
        }
    }

    #[test]
    fn extensions() {
        let of = |name| FileName::parse(name).unwrap().extension();
        assert_eq!(of("a.tar.GZ"), "gz");
        assert_eq!(of("setup.exe. ."), "exe");
        assert_eq!(of("README"), "");
        assert_eq!(of(".profile"), "profile");
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_clean_and_stays(name in ".{0,300}") {
            if let Ok(name) = FileName::parse(&name) {
                prop_assert!(!name.0.chars().any(deceives));
                prop_assert!(!name.0.contains(['/', '\\']) && name.0 != "..");
                prop_assert_eq!(FileName::parse(&name.0), Ok(name));
            }
        }
    }
}
