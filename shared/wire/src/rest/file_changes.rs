//! Files: what is asked to change about them.

use domain::file::{BadMetadata, Change, Description, Metadata};
use domain::upload::FileName;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::patch::Patch;
use super::room_changes::{bad_text, keep, never_null};
use crate::problem::FieldError;

/// Changes to a file, as a JSON merge patch.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchFile {
    /// A new name, 1 to 255 characters, without a path; no name of a program or script.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 255, example = "회의록 (최종).pdf")]
    pub name: Patch<String>,
    /// What it is, up to 1,000 characters; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1_000)]
    pub description: Patch<String>,
    /// A JSON object of at most 4 KiB, which replaces the one that is there; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Patch<Map<String, Value>>,
}

impl PatchFile {
    /// Checks every field.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<Change, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = match self.name {
            Patch::Clear => Err(never_null("name")),
            Patch::Keep => Ok(None),
            Patch::Set(name) => FileName::parse(&name)
                .map(Some)
                .map_err(|why| FieldError::new("name", "bad_name", why.to_string())),
        };
        let description = match self.description {
            Patch::Clear => Ok(Some(Description::default())),
            Patch::Keep => Ok(None),
            Patch::Set(text) => Description::parse(&text)
                .map(Some)
                .map_err(|bad| bad_text("description", bad)),
        };
        let metadata = match self.metadata {
            Patch::Clear => Ok(Some(None)),
            Patch::Keep => Ok(None),
            Patch::Set(object) => Metadata::parse(object)
                .map(|metadata| Some(Some(metadata)))
                .map_err(bad_metadata),
        };
        let change = Change {
            name: keep(&mut errors, name).flatten(),
            description: keep(&mut errors, description).flatten(),
            metadata: keep(&mut errors, metadata).flatten(),
        };
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }
}

fn bad_metadata(bad: BadMetadata) -> FieldError {
    let code = match bad {
        BadMetadata::TooLarge => "too_large",
        BadMetadata::Nul => "control_character",
    };
    FieldError::new("metadata", code, bad.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Change, Vec<String>> {
        let patch: PatchFile = serde_json::from_value(body.clone()).unwrap();
        let fields =
            |errors: Vec<FieldError>| errors.into_iter().map(|error| error.field).collect();
        patch.parse().map_err(fields)
    }

    #[test]
    fn r_f7_a_patch_names_all_its_faults() {
        let wrong = json!({"name": null, "description": "x".repeat(1_001), "metadata": {"a": "x".repeat(5_000)}});
        assert_eq!(
            read(&wrong).unwrap_err(),
            ["name", "description", "metadata"]
        );
        assert_eq!(read(&json!({"name": "a/b"})).unwrap_err(), ["name"]);
        assert_eq!(read(&json!({})).unwrap(), Change::default());
        assert_eq!(
            read(&json!({"metadata": null})).unwrap().metadata,
            Some(None)
        );
    }
}
