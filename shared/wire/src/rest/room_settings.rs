//! Settings of a room, as they are changed.

use domain::room::{Set, Settings, SettingsChange};
use serde::Deserialize;
use utoipa::ToSchema;

use super::patch::Patch;
use super::room_changes::keep;
use super::words;
use crate::problem::FieldError;

/// Settings to change: what is absent stays, null goes back to the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// Whether members may upload; true by default.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub uploads: Patch<bool>,
    /// Whether members may start threads; true by default.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub threads: Patch<bool>,
    /// Whether each uploaded file gets a thread of its own; false by default.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub auto_thread: Patch<bool>,
    /// The media types that may be uploaded, as `image/png` or `image/*`; all by default.
    #[serde(default)]
    #[schema(value_type = Option<Vec<words::MediaRange>>, max_items = 50)]
    pub allowed_types: Patch<Vec<String>>,
    /// How long after sending a message may be edited, in seconds; a day by default, 30 days at most, 0 for never.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 2_592_000)]
    pub edit_window_s: Patch<i64>,
    /// Shortest time between two messages of one member, in seconds; none by default, 6 hours at most.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 21_600)]
    pub slow_mode_s: Patch<i64>,
    /// After how many days messages are removed; never by default.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 3_650)]
    pub retention_days: Patch<i64>,
    /// Whether members may add people; false by default.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub members_invite: Patch<bool>,
    /// What newcomers are shown; up to 1,000 characters, empty by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1_000)]
    pub welcome_message: Patch<String>,
    /// How many bytes the files of the room may take; what the company has by default.
    #[serde(default)]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub storage_limit_bytes: Patch<i64>,
}

impl SettingsPatch {
    /// A patch that puts every setting back to its default.
    #[must_use]
    pub fn all_cleared() -> Self {
        Self {
            uploads: Patch::Clear,
            threads: Patch::Clear,
            auto_thread: Patch::Clear,
            allowed_types: Patch::Clear,
            edit_window_s: Patch::Clear,
            slow_mode_s: Patch::Clear,
            retention_days: Patch::Clear,
            members_invite: Patch::Clear,
            welcome_message: Patch::Clear,
            storage_limit_bytes: Patch::Clear,
        }
    }

    /// Checks every field; their names begin with `settings.`.
    ///
    /// # Errors
    /// All the fields that are wrong.
    pub fn parse(self) -> Result<SettingsChange, Vec<FieldError>> {
        let mut errors = Vec::new();
        let allowed_types = match self.allowed_types.try_map(|types| media_types(&types)) {
            Ok(types) => set(types),
            Err(wrong) => {
                errors.extend(wrong);
                None
            }
        };
        let mut number = |name, value: Patch<i64>, least, most| {
            let value = value.try_map(|value| in_range(name, value, least, most));
            keep(&mut errors, value).and_then(set)
        };
        let edit_window_s = number(
            "edit_window_s",
            self.edit_window_s,
            0,
            Settings::MAX_EDIT_WINDOW_S,
        );
        let slow_mode_s = number(
            "slow_mode_s",
            self.slow_mode_s,
            0,
            Settings::MAX_SLOW_MODE_S,
        );
        let retention_days = number(
            "retention_days",
            self.retention_days,
            1,
            Settings::MAX_RETENTION_DAYS,
        );
        let storage = self.storage_limit_bytes.try_map(bytes);
        let welcome = self.welcome_message.try_map(|text| welcome(&text));
        let change = SettingsChange {
            uploads: set(self.uploads),
            threads: set(self.threads),
            auto_thread: set(self.auto_thread),
            allowed_types,
            edit_window_s,
            slow_mode_s,
            retention_days,
            members_invite: set(self.members_invite),
            welcome_message: keep(&mut errors, welcome).and_then(set),
            storage_limit_bytes: keep(&mut errors, storage).and_then(set),
        };
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }
}

fn set<T>(patch: Patch<T>) -> Set<T> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(value) => Some(Some(value)),
    }
}

fn in_range(name: &str, value: i64, least: u32, most: u32) -> Result<u32, FieldError> {
    u32::try_from(value)
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| {
            FieldError::new(
                format!("settings.{name}"),
                "out_of_range",
                format!("{least} to {most}"),
            )
        })
}

fn bytes(value: i64) -> Result<u64, FieldError> {
    u64::try_from(value)
        .ok()
        .filter(|value| *value > 0)
        .ok_or_else(|| FieldError::new("settings.storage_limit_bytes", "out_of_range", "1 or more"))
}

fn welcome(text: &str) -> Result<String, FieldError> {
    let text = domain::text::nfc(text.trim());
    let bad = |code, detail: String| FieldError::new("settings.welcome_message", code, detail);
    if text.chars().count() > Settings::MAX_WELCOME_CHARS {
        let most = Settings::MAX_WELCOME_CHARS;
        return Err(bad("bad_length", format!("at most {most} characters")));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(bad(
            "control_character",
            "it holds a control character".into(),
        ));
    }
    Ok(text)
}

fn media_types(types: &[String]) -> Result<Vec<String>, Vec<FieldError>> {
    if types.len() > Settings::MAX_ALLOWED_TYPES {
        let most = Settings::MAX_ALLOWED_TYPES;
        let detail = format!("at most {most}");
        return Err(vec![FieldError::new(
            "settings.allowed_types",
            "too_many",
            detail,
        )]);
    }
    let bad = types
        .iter()
        .enumerate()
        .filter(|(_, text)| !is_media_type(text));
    let errors: Vec<_> = bad
        .map(|(place, _)| {
            let field = format!("settings.allowed_types[{place}]");
            FieldError::new(field, "bad_media_type", "such as image/png or image/*")
        })
        .collect();
    if errors.is_empty() {
        Ok(types.iter().map(|text| text.to_ascii_lowercase()).collect())
    } else {
        Err(errors)
    }
}

/// `type/subtype` or `type/*`, in the characters of RFC 6838.
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        (1..=127).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/')
        .is_some_and(|(group, kind)| token(group) && (kind == "*" || token(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_c6_media_types_are_whole_or_a_group() {
        for (text, fits) in [
            ("image/png", true),
            ("image/*", true),
            ("application/vnd.ms-excel", true),
            ("*/*", false),
            ("png", false),
            ("a/b/c", false),
            ("image/", false),
        ] {
            assert_eq!(is_media_type(text), fits, "{text}");
        }
    }
}
