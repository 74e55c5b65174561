//! Uploads: how a file is cut into parts, what may be uploaded, and the states a session goes through.

mod blocked;
mod content_type;
mod follow_up;
mod name;
mod plan;
mod progress;
mod quota;
mod refusal;
mod session;
mod signature;
mod state;
mod steps;

pub use blocked::{Blocked, refuse_by_declaration};
pub use content_type::{BadContentType, ContentType};
pub use follow_up::FollowUp;
pub use name::{BadName, FileName};
pub use plan::{MAX_PARTS, MAX_SIZE, MIN_PART, Part, Plan, TooLarge, missing_ranges, plan};
pub use progress::{Progress, Sample, progress, together};
pub use quota::{MAX_SENDING, Storage, Warning};
pub use refusal::Refusal;
pub use session::{Draft, Seen, Upload};
pub use signature::{Signature, detect, may_show_inline, refuse_by_content};
pub use state::{NoSuchArrow, State, Step};

use time::Duration;

/// How long a session may be resumed after its last activity.
pub const RESUMABLE: Duration = Duration::hours(24);

/// Whether the bytes of an upload are bound to checksums that the client computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// SHA-256 of each part, signed into its URL: S3 refuses any other bytes, and the content has an identity.
    Sha256,
    /// None from the client; S3 computes CRC64NVME itself and the content has no identity.
    None,
}

impl Checksum {
    /// Its name in requests and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::None => "none",
        }
    }

    /// The one called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sha256, Self::None]
            .into_iter()
            .find(|checksum| checksum.as_str() == name)
    }
}
