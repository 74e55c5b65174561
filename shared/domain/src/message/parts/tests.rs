//! The rules of a draft, by example and by property.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn r_m1_content_has_1_to_4000_characters() {
    assert_eq!(Content::parse(""), Err(Fault::Blank));
    assert!(Content::parse("a").is_ok());
    assert!(Content::parse(&"a".repeat(4_000)).is_ok());
    assert_eq!(Content::parse(&"a".repeat(4_001)), Err(Fault::TooLong));
}

#[test]
fn r_m1_characters_are_scalar_values_not_bytes() {
    assert!(Content::parse(&"👍".repeat(4_000)).is_ok());
    assert_eq!(Content::parse(&"👍".repeat(4_001)), Err(Fault::TooLong));
    // A family is seven scalar values, whatever it looks like.
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    assert!(Content::parse(&family.repeat(571)).is_ok());
    assert_eq!(Content::parse(&family.repeat(572)), Err(Fault::TooLong));
}

#[test]
fn r_m1_length_counts_after_composition() {
    let decomposed = "\u{1112}\u{116c}".repeat(4_000);
    assert_eq!(
        Content::parse(&decomposed).unwrap().as_str(),
        "회".repeat(4_000)
    );
}

#[test]
fn r_m1_outer_space_goes_inner_space_stays() {
    let content = Content::parse("\u{3000} \n  a \n\n  b\t ").unwrap();
    assert_eq!(content.as_str(), "a \n\n  b");
    let padded = format!("{}a{}", " ".repeat(9_000), "\n".repeat(9_000));
    assert_eq!(Content::parse(&padded).unwrap().as_str(), "a");
}

#[test]
fn r_m1_blank_is_refused_however_it_is_typed() {
    for blank in [
        " ",
        "\n\t\r",
        "\u{3000}",
        "\u{200b}",
        "\u{feff} \u{2060}",
        "\u{3164}",
        "\u{200d}\u{fe0f}",
    ] {
        assert_eq!(Content::parse(blank), Err(Fault::Blank), "{blank:?}");
    }
    assert_eq!(Content::parse("a\0b"), Err(Fault::Nul));
}

#[test]
fn r_m2_client_ids_are_printable_ascii() {
    for good in [
        "a",
        "01890f3e-1111-7000-8000-000000000000",
        "a b~!",
        &"x".repeat(64),
    ] {
        assert!(ClientId::parse(good).is_ok(), "{good:?}");
    }
    for bad in ["", "한", "a\n", "a\u{7f}", &"x".repeat(65)] {
        assert_eq!(ClientId::parse(bad), Err(Fault::BadClientId), "{bad:?}");
    }
}

#[test]
fn r_m1_metadata_is_an_object_of_4_kib() {
    let sized = |bytes: usize| json!({ "k": "x".repeat(bytes - r#"{"k":""}"#.len()) });
    assert!(Metadata::parse(sized(4_096)).is_ok());
    assert_eq!(Metadata::parse(sized(4_097)), Err(Fault::TooLarge));
    assert!(Metadata::parse(json!({})).is_ok());
    for other in [json!([]), json!("a"), json!(1), Value::Null] {
        assert_eq!(Metadata::parse(other), Err(Fault::NotObject));
    }
    assert_eq!(
        Metadata::parse(json!({"a": [{"b": "\0"}]})),
        Err(Fault::Nul)
    );
    assert_eq!(Metadata::parse(json!({"\0": 1})), Err(Fault::Nul));
}

proptest! {
    #[test]
    fn r_m1_what_is_taken_obeys_every_rule(text in "\\PC{0,50}|[ \\n\\t\u{200b}]{0,9}|.{0,4100}") {
        if let Ok(content) = Content::parse(&text) {
            let taken = content.as_str();
            prop_assert!((1..=Content::MAX_CHARS).contains(&taken.chars().count()));
            prop_assert_eq!(taken, taken.trim());
            prop_assert_eq!(taken, crate::text::nfc(taken));
            prop_assert!(!taken.contains('\0'));
            // Taking it again changes nothing: a retry that echoes the answer is the same message.
            let again = Content::parse(taken);
            prop_assert_eq!(again.as_ref(), Ok(&content));
        }
    }

    #[test]
    fn r_m1_equivalent_spellings_are_one_message(text in "[가-힣a-zé ]{1,40}") {
        use unicode_normalization::UnicodeNormalization;
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(Content::parse(&decomposed), Content::parse(&text));
    }
}
