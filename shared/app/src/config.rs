//! What an operator may tune. Every default is the product's own; `MARU_CONFIG` (JSON) overrides some.

use serde::Deserialize;

/// The settings of a deployment; absent ones keep their default, unknown ones stop the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How much one person or address may ask for.
    pub limits: Limits,
    /// How files are sent and fetched.
    pub uploads: Uploads,
}

/// Rate limits. Each counts within a window that opens with the first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Reading calls of one person, a minute.
    pub reads_per_min: u32,
    /// Writing calls of one person, a minute.
    pub writes_per_min: u32,
    /// Messages of one person, a second.
    pub messages_per_s: u32,
    /// Searches of one person, a minute.
    pub searches_per_min: u32,
    /// Calls of one person that sign parts, a minute.
    pub signings_per_min: u32,
    /// Frames of one person over sockets, a second.
    pub frames_per_s: u32,
    /// Calls without a token from one address, a minute.
    pub anonymous_per_min: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reads_per_min: 1_200,
            writes_per_min: 300,
            messages_per_s: 10,
            searches_per_min: 60,
            signings_per_min: 600,
            frames_per_s: 20,
            anonymous_per_min: 60,
        }
    }
}

/// How files are sent and fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// Most uploads that one person may be sending at a time.
    pub max_sending: u32,
    /// How long an upload may be resumed after its last activity, in seconds.
    pub resumable_s: u32,
    /// How long the URL of a part is good for, in seconds; never longer than the credentials that signed it.
    pub part_url_s: u32,
    /// How long the URL of a download is good for unless the caller says otherwise, in seconds.
    pub download_url_s: u32,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            max_sending: domain::upload::MAX_SENDING,
            resumable_s: 24 * 60 * 60,
            part_url_s: 60 * 60,
            download_url_s: 60 * 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_keeps_its_default() {
        let config: Config = serde_json::from_str(r#"{"limits":{"messages_per_s":3}}"#).unwrap();
        assert_eq!(config.limits.messages_per_s, 3);
        assert_eq!(config.limits.reads_per_min, 1_200);
        assert!(serde_json::from_str::<Config>(r#"{"limit":{}}"#).is_err());
    }
}
