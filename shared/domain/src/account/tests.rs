//! The rules of accounts, by example and by property.

use proptest::prelude::*;
use time::macros::datetime;

use super::*;

#[test]
fn r_a1_an_address_is_compared_without_regard_to_case() {
    let typed = Email::parse("  Minji.Kim+news@Example.COM ").unwrap();
    assert_eq!(typed.as_str(), "minji.kim+news@example.com");
    assert_eq!(typed, Email::parse("minji.kim+NEWS@example.com").unwrap());
    assert_eq!(typed.local(), "minji.kim+news");
}

#[test]
fn r_a1_what_is_not_an_address_is_refused() {
    for text in [
        "",
        "a",
        "@example.com",
        "a@",
        "a@b",
        "a b@example.com",
        "a@exam ple.com",
        "a@@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@-example.com",
        "a@example..com",
        "a@example.com.",
        "a@127.0.0.1",
        "\"a\"@example.com",
        "김@example.com",
        "a@example.com\n b",
    ] {
        assert_eq!(Email::parse(text), Err(Fault::BadEmail), "{text}");
    }
    assert!(Email::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
    assert!(Email::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
}

#[test]
fn r_a1_every_broken_password_rule_is_named() {
    use Fault::{PasswordDigit, PasswordLength, PasswordLower, PasswordUpper};
    let faults = |text: &str| Password::choose(text).err().unwrap_or_default();
    assert_eq!(
        faults(""),
        [PasswordLength, PasswordUpper, PasswordLower, PasswordDigit]
    );
    assert_eq!(faults("Sh0rt.."), [PasswordLength]);
    assert_eq!(faults("lower-case-1"), [PasswordUpper]);
    assert_eq!(faults("UPPER-CASE-1"), [PasswordLower]);
    assert_eq!(faults("No-digits-here"), [PasswordDigit]);
    assert_eq!(faults("Maru2026"), []);
    assert_eq!(faults(&format!("Aa1{}", "가".repeat(125))), []);
    assert_eq!(
        faults(&format!("Aa1{}", "가".repeat(126))),
        [PasswordLength]
    );
}

#[test]
fn r_o5_a_password_is_never_printed() {
    let password = Password::choose("Maru-2026-hall").unwrap();
    assert_eq!(format!("{password:?}"), "Password(..)");
}

#[test]
fn a_password_typed_decomposed_is_the_same() {
    let composed = Password::attempt("마루A1caf\u{e9}");
    let decomposed = Password::attempt("\u{1106}\u{1161}\u{1105}\u{116e}A1cafe\u{301}");
    assert!(composed == decomposed);
}

#[test]
fn names_are_trimmed_and_bounded() {
    assert_eq!(FullName::parse("  김민지 ").unwrap().as_str(), "김민지");
    for text in ["", "   ", "a\u{0}b", "two\nlines"] {
        assert_eq!(FullName::parse(text), Err(Fault::BadName));
    }
    assert!(FullName::parse(&"이".repeat(100)).is_ok());
    assert!(FullName::parse(&"이".repeat(101)).is_err());
}

#[test]
fn handles_come_from_the_address_then_from_the_name() {
    let derive = |email: &str, name: &str| {
        let handle = Handle::derive(
            &Email::parse(email).unwrap(),
            &FullName::parse(name).unwrap(),
        );
        handle.as_str().to_owned()
    };
    assert_eq!(derive("Minji.Kim+news@example.com", "김민지"), "minji.kim");
    assert_eq!(derive("a@example.com", "김 민지"), "김민지");
    assert_eq!(derive("a@example.com", "이"), "person");
    assert_eq!(derive("everyone@example.com", "김"), "everyone1");
    assert_eq!(derive("_dev_@example.com", "김"), "dev");
}

#[test]
fn handles_that_mean_a_group_are_refused() {
    assert_eq!(Handle::parse("@Here"), Err(Fault::ReservedHandle));
    assert_eq!(Handle::parse("ends."), Err(Fault::BadHandle));
    assert_eq!(Handle::parse("@민지").unwrap().as_str(), "민지");
}

#[test]
fn r_a3_a_lock_ends_by_itself() {
    let now = datetime!(2026-01-02 03:04:05 UTC);
    assert_eq!(lock_left(None, now), None);
    assert_eq!(lock_left(Some(now), now), None);
    assert_eq!(lock_left(Some(now + LOCK_FOR), now), Some(LOCK_FOR));
}

proptest! {
    #[test]
    fn an_address_that_was_taken_is_taken_again_unchanged(text in "[A-Za-z0-9.+_-]{1,70}@[A-Za-z0-9.-]{1,70}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            prop_assert_eq!(Email::parse(&text.to_uppercase()), Ok(email));
        }
    }

    #[test]
    fn every_address_and_name_has_a_handle(local in "[a-z0-9._+-]{1,64}", name in "\\PC{1,40}") {
        let email = Email::parse(&format!("{local}@example.com"));
        let name = FullName::parse(&name);
        if let (Ok(email), Ok(name)) = (email, name) {
            let handle = Handle::derive(&email, &name);
            for candidate in handle.candidates("9f3a1c") {
                prop_assert!(Handle::parse(&candidate).is_ok(), "{}", candidate);
            }
        }
    }

    #[test]
    fn any_text_is_taken_or_refused_but_never_panics(text in ".*") {
        drop((Email::parse(&text), Password::choose(&text), FullName::parse(&text), Handle::parse(&text)));
    }
}
