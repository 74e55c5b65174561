//! Texts as they are compared: one form for all ways to write the same.

use crate::text::nfc;

/// What parts a text from its initials; no folded text holds it.
const SEPARATOR: char = '\n';

/// The initial consonants of Hangul syllables, in their order in Unicode, as a keyboard types them.
const INITIALS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ',
    'ㅌ', 'ㅍ', 'ㅎ',
];
const FIRST_SYLLABLE: u32 = '가' as u32;
const LAST_SYLLABLE: u32 = '힣' as u32;
/// Syllables that begin with the same consonant: 21 vowels times 28 ends.
const PER_INITIAL: u32 = 588;
/// The consonant that a decomposed syllable begins with, when it stands alone.
const FIRST_CONJOINING: u32 = 0x1100;

/// `text` as it is compared: NFC, case folded, white space in single spaces and none around it.
///
/// Folding a folded text changes nothing.
#[must_use]
pub fn fold(text: &str) -> String {
    // Upper and back again folds what lower case alone does not: ß and SS, ς and σ. What that makes may fold once
    // more (a composed letter with a mark of its own), so it is done until it rests; twice is enough for Unicode.
    let folded = once(&once(text));
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` as words are looked up in it: folded, and once more with every syllable as its initial consonant, if there
/// is one.
#[must_use]
pub fn index_text(text: &str) -> String {
    let folded = fold(text);
    let initials: String = folded.chars().map(initial).collect();
    if initials == folded {
        return folded;
    }
    format!("{folded}{SEPARATOR}{initials}")
}

fn once(text: &str) -> String {
    let cased: String = nfc(text)
        .chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .map(typed)
        .collect();
    nfc(&cased)
}

fn initial(c: char) -> char {
    match u32::from(c) {
        code @ FIRST_SYLLABLE..=LAST_SYLLABLE => at((code - FIRST_SYLLABLE) / PER_INITIAL, c),
        _ => c,
    }
}

/// A lone consonant of a decomposed syllable as a keyboard types it.
fn typed(c: char) -> char {
    match u32::from(c).checked_sub(FIRST_CONJOINING) {
        Some(place) => at(place, c),
        None => c,
    }
}

fn at(place: u32, otherwise: char) -> char {
    let found = usize::try_from(place).ok().and_then(|at| INITIALS.get(at));
    found.copied().unwrap_or(otherwise)
}
