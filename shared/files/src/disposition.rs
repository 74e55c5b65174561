//! `Content-Disposition` with any file name (RFC 6266, RFC 5987).

use std::fmt::Write as _;

/// What a browser should do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Save it.
    Attachment,
    /// Show it.
    Inline,
}

/// The header's value: an ASCII fallback for old clients and the true name in UTF-8.
#[must_use]
pub fn content_disposition(disposition: Disposition, name: &str) -> String {
    let kind = match disposition {
        Disposition::Attachment => "attachment",
        Disposition::Inline => "inline",
    };
    let fallback: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let mut value = format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(value, "%{byte:02X}").unwrap_or_default();
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f2_any_name_travels() {
        let of = |name| content_disposition(Disposition::Attachment, name);
        assert_eq!(
            of("a b.txt"),
            "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"
        );
        assert_eq!(
            of("회의.pdf"),
            "attachment; filename=\"__.pdf\"; filename*=UTF-8''%ED%9A%8C%EC%9D%98.pdf"
        );
        assert_eq!(
            of("\"q\" 100%"),
            "attachment; filename=\"_q_ 100_\"; filename*=UTF-8''%22q%22%20100%25"
        );
        assert_eq!(
            content_disposition(Disposition::Inline, "😀'"),
            "inline; filename=\"_'\"; filename*=UTF-8''%F0%9F%98%80%27"
        );
    }
}
