//! How a room is set up.

use serde::{Deserialize, Serialize};

/// The settings of a room. A stored one may lack keys (they have their defaults) and may hold keys
/// that this version does not know (they are left alone).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether members may upload.
    pub uploads: bool,
    /// Whether members may start threads.
    pub threads: bool,
    /// Whether each uploaded file gets a thread of its own.
    pub auto_thread: bool,
    /// The media types that may be uploaded, as `image/png` or `image/*`; `None` for all that the company allows.
    pub allowed_types: Option<Vec<String>>,
    /// How long after sending a message may be edited, in seconds; 0 for never.
    pub edit_window_s: u32,
    /// Shortest time between two messages of one member, in seconds; 0 for none.
    pub slow_mode_s: u32,
    /// After how many days messages are removed; `None` for never.
    pub retention_days: Option<u32>,
    /// Whether members may add people.
    pub members_invite: bool,
    /// What newcomers are shown; empty for nothing.
    pub welcome_message: String,
    /// How many bytes the files of the room may take; `None` for what the company has.
    pub storage_limit_bytes: Option<u64>,
}

impl Settings {
    /// Longest edit window: 30 days, in seconds.
    pub const MAX_EDIT_WINDOW_S: u32 = 30 * 24 * 60 * 60;
    /// Longest pause of slow mode: 6 hours, in seconds.
    pub const MAX_SLOW_MODE_S: u32 = 6 * 60 * 60;
    /// Longest retention, in days: ten years.
    pub const MAX_RETENTION_DAYS: u32 = 3_650;
    /// Most entries in the list of allowed types.
    pub const MAX_ALLOWED_TYPES: usize = 50;
    /// Most characters of a welcome message.
    pub const MAX_WELCOME_CHARS: usize = 1_000;

    /// Whether a file of `media_type` may be uploaded, as far as the room is concerned.
    #[must_use]
    pub fn takes(&self, media_type: &str) -> bool {
        let Some(types) = &self.allowed_types else {
            return true;
        };
        let media_type = media_type.split(';').next().unwrap_or("").trim();
        types
            .iter()
            .any(|allowed| match allowed.strip_suffix("/*") {
                Some(group) => media_type
                    .split_once('/')
                    .is_some_and(|(found, _)| found.eq_ignore_ascii_case(group)),
                None => media_type.eq_ignore_ascii_case(allowed),
            })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            uploads: true,
            threads: true,
            auto_thread: false,
            allowed_types: None,
            edit_window_s: 24 * 60 * 60,
            slow_mode_s: 0,
            retention_days: None,
            members_invite: false,
            welcome_message: String::new(),
            storage_limit_bytes: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_c6_a_stored_one_may_lack_keys_and_hold_unknown_ones() {
        let read: Settings =
            serde_json::from_str(r#"{"slow_mode_s": 5, "from_the_future": {"a": 1}}"#).unwrap();
        let expected = Settings {
            slow_mode_s: 5,
            ..Settings::default()
        };
        assert_eq!(read, expected);
        assert_eq!(read.edit_window_s, 86_400);
    }

    #[test]
    fn r_c6_allowed_types_match_whole_or_by_group() {
        let settings = Settings {
            allowed_types: Some(vec!["image/*".into(), "application/pdf".into()]),
            ..Settings::default()
        };
        assert!(Settings::default().takes("video/mp4"));
        assert!(settings.takes("image/PNG"));
        assert!(settings.takes("Application/pdf; charset=x"));
        assert!(!settings.takes("imagery/png"));
        assert!(!settings.takes("video/mp4"));
    }
}
