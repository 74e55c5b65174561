//! Declared content types.

/// A media type such as `image/png` or `text/plain; charset=utf-8`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContentType(String);

/// Text that is no media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a content type looks like `image/png`, with at most {} characters",
    ContentType::MAX
)]
pub struct BadContentType;

impl ContentType {
    /// Longest one, in characters.
    pub const MAX: usize = 127;

    /// Reads `type/subtype`, with parameters or without.
    ///
    /// # Errors
    /// [`BadContentType`].
    pub fn parse(text: &str) -> Result<Self, BadContentType> {
        let text = text.trim().to_ascii_lowercase();
        let (essence, parameters) = text.split_once(';').unwrap_or((&text, ""));
        let (kind, subtype) = essence.trim().split_once('/').ok_or(BadContentType)?;
        let plain = parameters.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.len() <= Self::MAX && is_token(kind) && is_token(subtype) && plain {
            Ok(Self(text))
        } else {
            Err(BadContentType)
        }
    }

    /// The whole of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `type/subtype` without parameters.
    #[must_use]
    pub fn essence(&self) -> &str {
        self.0.split(';').next().unwrap_or("").trim()
    }

    /// What a list of allowed types may hold to let it in: itself, or its group as `image/*`.
    #[must_use]
    pub fn patterns(&self) -> [String; 2] {
        let essence = self.essence();
        let group = essence.split('/').next().unwrap_or("");
        [essence.to_owned(), format!("{group}/*")]
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_media_types() {
        let of = |text| ContentType::parse(text).map(|parsed| parsed.essence().to_owned());
        assert_eq!(of("Image/PNG").unwrap(), "image/png");
        assert_eq!(of("text/plain; charset=UTF-8").unwrap(), "text/plain");
        assert_eq!(
            of("application/vnd.openxmlformats-officedocument.wordprocessingml.document").unwrap(),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        );
        for bad in [
            "",
            "png",
            "image/",
            "/png",
            "a b/c",
            "image/png\r\nx: y",
            "image/png; x=\r\ny",
            &format!("a/{}", "b".repeat(126)),
        ] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
