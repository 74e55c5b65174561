//! Previews: what people see of a file before they fetch it, and why there may be none.

use serde::{Deserialize, Serialize};

/// Most pixels that a picture may have to be looked at.
pub const MAX_PIXELS: u64 = 64 * 1_000_000;

/// Most bytes of a file that are read for its preview.
pub const MAX_READ: u64 = 64 << 20;

/// How many first bytes of a text are shown.
pub const TEXT_BYTES: usize = 64 << 10;

/// How often making a preview may break down before it is given up.
pub const MAX_TRIES: i32 = 3;

/// What can be asked for: a picture by its longer side in pixels, or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Size {
    /// For lists.
    #[serde(rename = "128")]
    Small,
    /// For messages.
    #[serde(rename = "512")]
    Medium,
    /// For looking at it.
    #[serde(rename = "1600")]
    Large,
    /// The first characters of a text.
    #[serde(rename = "text")]
    Text,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Large, Self::Text];
    /// Those of pictures, smallest first.
    pub const PICTURES: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// Its name in paths and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Small => "128",
            Self::Medium => "512",
            Self::Large => "1600",
            Self::Text => "text",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.as_str() == name)
    }

    /// The longer side of the picture in pixels; 0 for text.
    #[must_use]
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 128,
            Self::Medium => 512,
            Self::Large => 1_600,
            Self::Text => 0,
        }
    }

    /// Where the preview of the content under `key` lies in the bucket. No upload ever has such a key.
    #[must_use]
    pub fn key(self, key: &str) -> String {
        format!("previews/{key}/{}", self.as_str())
    }
}

/// How far the preview is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is still to be made.
    #[default]
    Pending,
    /// It is there.
    Ready,
    /// There is none and will be none.
    Unavailable,
}

impl State {
    /// Its name in answers and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why there is no preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing is shown of files of this kind.
    Unsupported,
    /// The content is of a blocked kind.
    Blocked,
    /// The content is not what a file of its kind should be, or not all of it is there.
    Damaged,
    /// It cannot be read without its password.
    Encrypted,
    /// More bytes or pixels than are looked at.
    TooLarge,
    /// It takes more memory than there is for it.
    TooComplex,
    /// It takes longer than there is time for it.
    TooSlow,
    /// Making it broke down again and again.
    Failed,
}

/// What a file with a preview is to the eye or ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A picture.
    Image,
    /// Pages; the preview is the first one.
    Document,
    /// Text, code, tables.
    Text,
    /// Sound.
    Audio,
    /// A film.
    Video,
}

/// A preview that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// What to ask for.
    pub size: Size,
    /// Pixels from left to right; 0 for text.
    pub width: u32,
    /// Pixels from top to bottom; 0 for text.
    pub height: u32,
    /// Its media type: one that a browser shows and never runs.
    pub content_type: String,
    /// Bytes.
    pub bytes: u64,
}

/// What the file says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Pixels from left to right, as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels from top to bottom, as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// How long it plays, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The codecs of its picture and sound, such as `h264`, `aac`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codecs: Vec<String>,
    /// Samples of sound a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Channels of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
    /// The encoding of a text, such as `utf-8`, `euc-kr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether there is more text than the preview shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

/// The preview of some content. Its JSON is what clients get.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Preview {
    /// How far it is.
    pub state: State,
    /// Why there is none.
    pub reason: Option<Reason>,
    /// What it is a preview of.
    pub kind: Option<Kind>,
    /// What can be fetched; nothing of sound and films.
    pub renditions: Vec<Rendition>,
    /// What the file says about itself.
    pub details: Details,
}

impl Preview {
    /// None, because of `reason`.
    #[must_use]
    pub fn unavailable(reason: Reason) -> Self {
        Self {
            state: State::Unavailable,
            reason: Some(reason),
            ..Self::default()
        }
    }

    /// One that is there.
    #[must_use]
    pub fn ready(kind: Kind, renditions: Vec<Rendition>, details: Details) -> Self {
        Self {
            state: State::Ready,
            reason: None,
            kind: Some(kind),
            renditions,
            details,
        }
    }

    /// The rendition of `size`, when it is there.
    #[must_use]
    pub fn rendition(&self, size: Size) -> Option<&Rendition> {
        self.renditions.iter().find(|found| found.size == size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f3_a_stored_preview_is_read_again_and_an_empty_one_is_pending() {
        let ready = Preview::ready(
            Kind::Image,
            vec![Rendition {
                size: Size::Small,
                width: 128,
                height: 96,
                content_type: "image/jpeg".to_owned(),
                bytes: 3_000,
            }],
            Details {
                width: Some(4_000),
                ..Details::default()
            },
        );
        for preview in [ready, Preview::unavailable(Reason::TooLarge)] {
            let json = serde_json::to_value(&preview).unwrap();
            assert_eq!(serde_json::from_value::<Preview>(json).unwrap(), preview);
        }
        let empty: Preview = serde_json::from_str("{}").unwrap();
        assert_eq!(empty.state, State::Pending);
    }

    #[test]
    fn r_f3_sizes_have_names_and_keys_of_their_own() {
        for size in Size::ALL {
            assert_eq!(Size::parse(size.as_str()), Some(size));
            assert_eq!(size.key("a/b"), format!("previews/a/b/{}", size.as_str()));
        }
        assert_eq!(Size::parse("129"), None);
    }
}
