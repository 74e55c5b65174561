//! What Uppy's `@uppy/aws-s3` says to its companion, and hears from it; the names are Uppy's own.
//!
//! Other than our own bodies these take fields that we do not know: what a version of Uppy sends along is its business.

use domain::upload::Draft;
use domain::{RoomId, UploadId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::upload_views::UploadView;
use super::uploads::{ChecksumKind, StartUpload};
use crate::problem::FieldError;

/// A file that Uppy wants to send.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UppyStart {
    /// The file's name, 1 to 255 characters, without a path.
    #[schema(example = "회의 녹화.mp4", max_length = 255)]
    pub filename: String,
    /// The media type.
    #[serde(rename = "type", default)]
    #[schema(example = "video/mp4", max_length = 127)]
    pub content_type: Option<String>,
    /// The file's `meta` in Uppy: `roomId` and `size` are what we need of it, set them before the upload.
    #[serde(default)]
    #[schema(required = true)]
    pub metadata: UppyMetadata,
}

/// What the page has to add to the file's `meta`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UppyMetadata {
    /// The room that the file will be in.
    #[schema(value_type = uuid::Uuid, required = true)]
    pub room_id: Option<RoomId>,
    /// Bytes of the file: Uppy itself does not tell them.
    #[schema(required = true)]
    pub size: Option<UppySize>,
}

/// A number of bytes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum UppySize {
    /// As Uppy 6 sends it.
    Number(u64),
    /// As Uppy 5 sends everything of `meta`.
    Text(String),
}

impl UppyStart {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule, under Uppy's names.
    pub fn parse(self) -> Result<Draft, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut needed = |field: &str| {
            let why = "add it to the file's `meta` before the upload";
            errors.push(FieldError::new(field, "required", why));
        };
        if self.metadata.room_id.is_none() {
            needed("metadata.roomId");
        }
        let size = match self.metadata.size {
            Some(UppySize::Number(size)) => Some(size),
            Some(UppySize::Text(text)) => text.parse().ok(),
            None => None,
        };
        if size.is_none() {
            needed("metadata.size");
        }
        let kind = self.content_type.filter(|kind| !kind.is_empty());
        let start = StartUpload {
            room_id: self.metadata.room_id.unwrap_or(RoomId(uuid::Uuid::nil())),
            thread_id: None,
            file_id: None,
            name: self.filename,
            size: size.unwrap_or_default(),
            content_type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
            checksum: ChecksumKind::None,
            part_checksums: Vec::new(),
            then: None,
        };
        match start.parse() {
            Ok(draft) if errors.is_empty() => Ok(draft),
            Ok(_) => Err(errors),
            Err(wrong) => {
                errors.extend(wrong.into_iter().map(in_uppys_words));
                Err(errors)
            }
        }
    }
}

/// An upload begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UppyStarted {
    /// The upload's id, the same that the REST routes take.
    #[schema(value_type = uuid::Uuid)]
    pub upload_id: UploadId,
    /// Uppy sends it back with every call; nothing depends on it.
    pub key: String,
    /// Bytes of every part but the last: what `getChunkSize` has to answer.
    pub part_size: u64,
    /// How many parts.
    pub part_count: u32,
}

impl From<UploadView> for UppyStarted {
    fn from(upload: UploadView) -> Self {
        Self {
            upload_id: upload.id,
            key: upload.id.to_string(),
            part_size: upload.part_size,
            part_count: upload.part_count,
        }
    }
}

/// Leave to send one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UppySigned {
    /// Where to `PUT` its bytes.
    pub url: String,
    /// Seconds from now in which S3 takes them.
    pub expires: u64,
}

/// A part that S3 has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UppyPart {
    /// 1 to the number of parts.
    pub part_number: u32,
    /// Bytes.
    pub size: u64,
    /// What S3 calls this version of it.
    #[serde(rename = "ETag")]
    pub etag: String,
}

/// A whole upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UppyCompleted {
    /// Path of what it became: the file, or the upload itself while S3 still joins its parts.
    #[schema(example = "/v1/files/01939ecf-9a00-7000-8000-000000000001")]
    pub location: String,
    /// As at the begin.
    pub key: String,
}

/// Nothing, as an object: Uppy reads JSON in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UppyGone {}

fn in_uppys_words(mut error: FieldError) -> FieldError {
    error.field = match error.field.as_str() {
        "name" => "filename".to_owned(),
        "content_type" => "type".to_owned(),
        "size" => "metadata.size".to_owned(),
        _ => error.field,
    };
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Vec<String> {
        let start: UppyStart = serde_json::from_str(json).unwrap();
        let errors = start.parse().unwrap_err();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn what_is_missing_is_said_all_at_once_in_uppys_words() {
        assert_eq!(
            fields(r#"{"filename":"a/b","type":"nonsense"}"#),
            ["metadata.roomId", "metadata.size", "filename", "type"]
        );
    }

    #[test]
    fn sizes_come_as_numbers_and_as_text() {
        for (size, wanted) in [("5", Some(5)), (r#""5""#, Some(5)), (r#""5.5""#, None)] {
            let room = "01939ecf-9a00-7000-8000-000000000001";
            let json =
                format!(r#"{{"filename":"a","metadata":{{"roomId":"{room}","size":{size}}}}}"#);
            let start: UppyStart = serde_json::from_str(&json).unwrap();
            assert_eq!(
                start.parse().ok().map(|draft| draft.plan.size),
                wanted,
                "{size}"
            );
        }
    }

    #[test]
    fn what_a_version_of_uppy_adds_is_let_be() {
        let start: UppyStart = serde_json::from_str(
            r#"{"filename":"a.bin","type":"","new":1,"metadata":{
                "roomId":"01939ecf-9a00-7000-8000-000000000001","size":5,"relativePath":null,"name":"a.bin"}}"#,
        )
        .unwrap();
        let draft = start.parse().unwrap();
        assert_eq!((draft.plan.size, draft.plan.part_count), (5, 1));
        assert_eq!(draft.content_type.as_str(), "application/octet-stream");
    }
}
