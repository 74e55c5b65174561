//! Uploads: what is asked of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::upload::{Checksum, ContentType, Draft, FileName, FollowUp, Plan, plan};
use domain::{FileId, RoomId, ThreadId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::room_changes::{keep, keep_all};
use super::upload_then::Then;
use crate::problem::FieldError;

/// Most parts that one call signs.
pub const MAX_SIGNED: usize = 1_000;

/// A file to upload into a room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartUpload {
    /// The room that the file will be in.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// A thread of this room that the file is put into; the room then makes none for it.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub thread_id: Option<ThreadId>,
    /// A file of this room that gets this content as a new version, under the name that it has; a new file when absent.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub file_id: Option<FileId>,
    /// The file's name, 1 to 255 characters, without a path.
    #[schema(example = "회의 녹화.mp4", max_length = 255)]
    pub name: String,
    /// Bytes of the file; 0 is fine.
    #[schema(example = 10_737_418_240_u64)]
    pub size: u64,
    /// The media type; `application/octet-stream` when it is not known.
    #[serde(default = "octets")]
    #[schema(example = "video/mp4", max_length = 127)]
    pub content_type: String,
    /// `sha256`: each part is signed with its SHA-256, so that S3 refuses any other bytes (and equal content is stored
    /// once). `none`: S3 computes a checksum of the whole by itself.
    pub checksum: ChecksumKind,
    /// The SHA-256 of each part in order, in base64: the first parts then come signed, and with those of all parts,
    /// content that I can read already becomes a file at once, without being sent.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    pub part_checksums: Vec<String>,
    /// What happens when it is done; when absent, what the room does by itself. Nothing follows a new version, and no
    /// thread a file that goes into `thread_id`.
    #[serde(default)]
    pub then: Option<Then>,
}

/// Which checksums the client brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChecksumKind {
    /// SHA-256 of each part.
    Sha256,
    /// None.
    None,
}

impl StartUpload {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<Draft, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = FileName::parse(&self.name)
            .map_err(|why| FieldError::new("name", "bad_name", why.to_string()));
        let name = keep(&mut errors, name);
        let content_type = ContentType::parse(&self.content_type)
            .map_err(|why| FieldError::new("content_type", "bad_content_type", why.to_string()));
        let content_type = keep(&mut errors, content_type);
        let plan =
            plan(self.size).map_err(|why| FieldError::new("size", "out_of_range", why.to_string()));
        let plan = keep(&mut errors, plan);
        let part_checksums = keep_all(&mut errors, self.digests(plan));
        errors.extend(self.contradictions());
        let then = keep_all(&mut errors, self.then.map(Then::parse).transpose()).flatten();
        match (name, content_type, plan, part_checksums) {
            (Some(name), Some(content_type), Some(plan), Some(part_checksums))
                if errors.is_empty() =>
            {
                Ok(Draft {
                    room: self.room_id,
                    thread: self.thread_id,
                    name,
                    content_type,
                    plan,
                    checksum: self.checksum.into(),
                    part_checksums,
                    // What has a thread gets no other one from the room.
                    then: then.or(self.thread_id.map(|_| FollowUp::Nothing)),
                    replaces: self.file_id,
                })
            }
            _ => Err(errors),
        }
    }

    /// The checksums of the parts, as many as were given.
    fn digests(&self, plan: Option<Plan>) -> Result<Vec<[u8; 32]>, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code: &str, why: &str| {
            errors.push(FieldError::new(field, code, why));
        };
        let given = self.part_checksums.len();
        if given > 0 && self.checksum == ChecksumKind::None {
            let why = "leave it out, or say `checksum: sha256`";
            wrong("part_checksums", "not_expected", why);
        } else if plan.is_some_and(|plan| given > plan.part_count as usize) {
            let why = "more checksums than the file has parts";
            wrong("part_checksums", "too_many", why);
        }
        let mut digests = Vec::with_capacity(given);
        for (index, text) in self.part_checksums.iter().enumerate() {
            let field = || format!("part_checksums[{index}]");
            match digest(text) {
                Some(digest) => digests.push(digest),
                None => wrong(&field(), "bad_checksum", NOT_SHA256),
            }
        }
        if errors.is_empty() {
            Ok(digests)
        } else {
            Err(errors)
        }
    }

    /// Fields that do not go together.
    fn contradictions(&self) -> Vec<FieldError> {
        let not_expected = |field: &str, why: &str| FieldError::new(field, "not_expected", why);
        let mut errors = Vec::new();
        if self.file_id.is_some() && self.thread_id.is_some() {
            let why = "a new version is in the threads that its file is in";
            errors.push(not_expected("thread_id", why));
        }
        if self.file_id.is_some() && self.then.is_some() {
            errors.push(not_expected("then", "nothing follows a new version"));
        } else if self.thread_id.is_some() && matches!(self.then, Some(Then::Thread(_))) {
            errors.push(not_expected("then", "the file goes into `thread_id`"));
        }
        errors
    }
}

impl From<ChecksumKind> for Checksum {
    fn from(kind: ChecksumKind) -> Self {
        match kind {
            ChecksumKind::Sha256 => Self::Sha256,
            ChecksumKind::None => Self::None,
        }
    }
}

/// Parts to sign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignParts {
    /// 1 to 1,000 of them; signing one again is free.
    #[schema(min_items = 1, max_items = 1_000)]
    pub parts: Vec<PartToSign>,
}

/// One part to sign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartToSign {
    /// 1 to the plan's `part_count`.
    #[schema(example = 1)]
    pub number: u32,
    /// Its SHA-256 in base64; needed when the upload was begun with `checksum: sha256`, refused when with `none`.
    #[serde(default)]
    #[schema(example = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    pub checksum: Option<String>,
}

/// A part to sign, with its checksum when there is one.
pub type Wanted = (u32, Option<[u8; 32]>);

impl SignParts {
    /// Checks every field; whether the numbers and checksums fit the upload is asked later.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<Vec<Wanted>, Vec<FieldError>> {
        if !(1..=MAX_SIGNED).contains(&self.parts.len()) {
            let why = format!("1 to {MAX_SIGNED} parts a call");
            return Err(vec![FieldError::new("parts", "out_of_range", why)]);
        }
        let mut errors = Vec::new();
        let mut parsed = Vec::with_capacity(self.parts.len());
        for (index, part) in self.parts.into_iter().enumerate() {
            let checksum = part.checksum.as_deref().map(digest);
            if checksum == Some(None) {
                let field = format!("parts[{index}].checksum");
                errors.push(FieldError::new(field, "bad_checksum", NOT_SHA256));
            }
            parsed.push((part.number, checksum.flatten()));
        }
        if errors.is_empty() {
            Ok(parsed)
        } else {
            Err(errors)
        }
    }
}

/// More parts that are done, besides the one in the path.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartsDone {
    /// Up to 1,000 numbers: a client that tells of its progress once a second tells of all parts at once.
    #[serde(default)]
    #[schema(max_items = 1_000)]
    pub parts: Vec<u32>,
}

const NOT_SHA256: &str = "a SHA-256 in base64 has 44 characters";
fn digest(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn octets() -> String {
    "application/octet-stream".to_owned()
}

#[cfg(test)]
mod tests;
