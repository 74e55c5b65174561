//! What can be seen of a file before it is fetched.

use domain::preview::{Details, Kind, Preview, Reason, Rendition, Size, State};
use domain::scan::ScanStatus;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The preview of a file.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PreviewView {
    /// How far it is.
    #[schema(inline, value_type = PreviewState)]
    pub state: State,
    /// Why there is none.
    #[schema(inline, value_type = Option<PreviewReason>)]
    pub reason: Option<Reason>,
    /// What it is a preview of.
    #[schema(inline, value_type = Option<PreviewKind>)]
    pub kind: Option<Kind>,
    /// What `GET /v1/files/{id}/preview/{size}` has; nothing of sound and films.
    pub renditions: Vec<RenditionView>,
    /// What the file says about itself.
    pub details: PreviewDetails,
}

/// How far a preview is. The shape of [`State`] in the document.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PreviewState {
    /// It is still to be made: `file.preview` tells when it is there.
    Pending,
    /// It is there.
    Ready,
    /// There is none and will be none.
    Unavailable,
}

/// Why there is no preview. The shape of [`Reason`] in the document.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PreviewReason {
    /// Nothing is shown of files of this kind.
    Unsupported,
    /// The content is of a blocked kind.
    Blocked,
    /// The content is not what a file of its kind should be.
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

/// What a file with a preview is. The shape of [`Kind`] in the document.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PreviewKind {
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RenditionView {
    /// What to ask for: `128`, `512`, `1600` (the longer side in pixels; never enlarged) or `text`.
    pub size: &'static str,
    /// Pixels from left to right; 0 for text.
    pub width: u32,
    /// Pixels from top to bottom; 0 for text.
    pub height: u32,
    /// `image/jpeg`, `image/png` or `text/plain; charset=utf-8`.
    pub content_type: String,
    /// Bytes.
    pub bytes: u64,
}

/// What the file says about itself; what it does not say is left out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PreviewDetails {
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

/// What a malware scan said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanView {
    /// Nothing: nobody scans, or not yet.
    NotScanned,
    /// Nothing bad was found.
    Clean,
    /// Malware was found: it cannot be downloaded.
    Infected,
    /// The scanner does not look at files as large as this, or of this kind.
    TooLarge,
}

/// How to answer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PreviewQuery {
    /// `true` answers 302 to the preview instead of JSON: for `<img src>`.
    #[serde(default)]
    pub redirect: bool,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        Self {
            state: preview.state,
            reason: preview.reason,
            kind: preview.kind,
            renditions: preview.renditions.into_iter().map(Into::into).collect(),
            details: preview.details.into(),
        }
    }
}

impl From<Rendition> for RenditionView {
    fn from(rendition: Rendition) -> Self {
        Self {
            size: Size::as_str(rendition.size),
            width: rendition.width,
            height: rendition.height,
            content_type: rendition.content_type,
            bytes: rendition.bytes,
        }
    }
}

impl From<Details> for PreviewDetails {
    fn from(details: Details) -> Self {
        Self {
            width: details.width,
            height: details.height,
            pages: details.pages,
            duration_ms: details.duration_ms,
            codecs: details.codecs,
            sample_rate: details.sample_rate,
            channels: details.channels,
            encoding: details.encoding,
            truncated: details.truncated,
        }
    }
}

impl From<ScanStatus> for ScanView {
    fn from(status: ScanStatus) -> Self {
        match status {
            ScanStatus::NotScanned => Self::NotScanned,
            ScanStatus::Clean => Self::Clean,
            ScanStatus::Infected => Self::Infected,
            ScanStatus::TooLarge => Self::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_f3_the_log_and_the_view_say_the_same() {
        let preview = Preview::ready(
            Kind::Text,
            vec![Rendition {
                size: Size::Text,
                width: 0,
                height: 0,
                content_type: "text/plain; charset=utf-8".to_owned(),
                bytes: 12,
            }],
            Details {
                encoding: Some("euc-kr".to_owned()),
                truncated: Some(false),
                ..Details::default()
            },
        );
        for preview in [preview, Preview::unavailable(Reason::Damaged)] {
            let logged = serde_json::to_value(&preview).unwrap();
            let seen = serde_json::to_value(PreviewView::from(preview)).unwrap();
            assert_eq!(logged, seen);
        }
    }
}
