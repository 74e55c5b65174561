//! R-M7 and R-F4: what is found, and that an index loses nothing of it.

use proptest::prelude::*;

use super::*;

fn finds(query: &str, text: &str) -> bool {
    Query::parse(query).unwrap().matches(&index_text(text))
}

#[test]
fn r_m7_korean_words_are_found_inside_longer_ones() {
    assert!(finds("회의", "어제 회의에서 정한 것.pdf"));
    assert!(finds("돈", "용돈기입장.xlsx"));
    assert!(finds("자료 회의", "회의자료.pptx"));
    assert!(!finds("회의 예산", "회의자료.pptx"));
    assert!(!finds("회희", "회의"));
}

#[test]
fn r_m7_initial_consonants_find_syllables() {
    assert!(finds("ㅎㅇ", "주간 회의록.hwp"));
    assert!(finds("ㅎㅇㄹ.hwp", "주간 회의록.hwp"));
    assert!(finds("\u{1112}\u{110b}", "회의"));
    assert!(finds("ㅋㅋ", "ㅋㅋㅋ 웃긴 사진.jpg"));
    assert!(!finds("ㅎㄱ", "회의록.hwp"));
    assert!(!finds("회ㅇ", "회의록.hwp"));
}

#[test]
fn r_m7_case_and_composition_do_not_matter() {
    assert!(finds("REPORT", "Annual report.PDF"));
    assert!(finds("\u{1112}\u{116c}\u{110b}\u{1174}", "회의록"));
    assert!(finds("strasse", "Straße.txt"));
    assert!(finds("ΟΔΟΣ", "οδος.txt"));
    assert!(finds("100%", "100% 완료"));
    assert!(!finds("100%", "1000 완료"));
    assert!(!finds("a_c", "abc"));
}

#[test]
fn queries_have_words_and_an_end() {
    assert_eq!(Query::parse("  \u{a0}"), Err(BadQuery::Empty));
    assert_eq!(Query::parse(&"가".repeat(201)), Err(BadQuery::TooLong));
    assert_eq!(
        Query::parse("a b c d e f g h i j k"),
        Err(BadQuery::TooLong)
    );
    assert_eq!(Query::parse("b a B").unwrap(), Query::parse("a b").unwrap());
    assert_eq!(Query::parse("a_%\\").unwrap().patterns(), ["%a\\_\\%\\\\%"]);
}

proptest! {
    #[test]
    fn folding_rests(text in ".{0,40}") {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        prop_assert!(!folded.contains('\n'));
    }

    #[test]
    fn r_m7_what_matches_holds_the_grams_of_the_query(
        text in "[가-깋회의록ㄱ-ㅎa-cA-C .ßéÅ]{0,30}", from in 0_usize..30, long in 1_usize..6,
    ) {
        let indexed = index(&text);
        let cut: String = text.chars().skip(from).take(long).collect();
        if let Ok(query) = Query::parse(&cut) && query.matches(&indexed.text) {
            let held: std::collections::BTreeSet<_> = indexed.grams.iter().collect();
            prop_assert!(query.grams().iter().all(|gram| held.contains(gram)));
        }
    }

    #[test]
    fn r_m7_every_piece_of_a_folded_text_finds_it(
        text in "[회의자료마루ㄱ-ㅎa-zA-Z0-9 ._%-]{1,30}", from in 0_usize..30, long in 1_usize..6,
    ) {
        let piece: String = fold(&text).chars().skip(from).take(long).collect();
        if let Ok(query) = Query::parse(&piece) {
            prop_assert!(query.matches(&index_text(&text)));
        }
    }
}
