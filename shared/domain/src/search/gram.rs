//! Grams: the single characters and the pairs of neighbours that a text holds, as numbers.

/// The grams of `text`, each once, in order. White space is in none: words are looked up, not what is between them.
///
/// Two different grams may share a number. That costs an index a look at a text that does not match, never one that
/// does.
#[must_use]
pub fn grams(text: &str) -> Vec<i32> {
    let mut found: Vec<i32> = text.split_whitespace().flat_map(of_word).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The fewest grams that a text with `word` in it must hold: its pairs, or itself when it is one character.
pub(super) fn needed(word: &str) -> Vec<i32> {
    let chars: Vec<char> = word.chars().collect();
    match &chars[..] {
        [] => Vec::new(),
        [one] => vec![single(*one)],
        _ => chars.windows(2).map(|two| pair(two[0], two[1])).collect(),
    }
}

fn of_word(word: &str) -> Vec<i32> {
    let mut found = needed(word);
    found.extend(word.chars().map(single));
    found
}

fn single(c: char) -> i32 {
    u32::from(c).cast_signed()
}

/// Mixed well, so that pairs are spread over all numbers.
fn pair(a: char, b: char) -> i32 {
    let mut mixed = (u64::from(u32::from(a)) << 32) | u64::from(u32::from(b));
    mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let [a, b, c, d, ..] = (mixed ^ (mixed >> 32)).to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}
