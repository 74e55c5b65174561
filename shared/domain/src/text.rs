//! How text is compared and cleaned, once for all names and messages.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// `text` in Unicode NFC: the form in which everything is stored.
#[must_use]
pub fn nfc(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// `name` as names are compared: NFC, lower case, outer white space gone.
#[must_use]
pub fn key(name: &str) -> String {
    nfc(&nfc(name.trim()).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_hangul_equals_composed() {
        assert_eq!(nfc("\u{1112}\u{116c}\u{110b}\u{1174}"), "회의");
        assert_eq!(key("  Café "), key("CAFE\u{301}"));
    }
}
