//! Who I am, where I work, where I am signed in.

use domain::company::{CompanyRole, Plan};
use domain::{CompanyId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::words;

/// A person as they see themselves.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UserView {
    /// Their id.
    #[schema(value_type = uuid::Uuid)]
    pub id: UserId,
    /// Their email address, in lower case.
    #[schema(example = "minji@example.com")]
    pub email: String,
    /// Their name.
    #[schema(example = "김민지")]
    pub full_name: String,
    /// What `@mention` uses, without the `@`.
    #[schema(example = "minji")]
    pub handle: String,
    /// What they are in the company.
    #[schema(value_type = String, example = "owner")]
    pub role: CompanyRole,
    /// The language they read: `en` or `ko`.
    #[schema(example = "ko")]
    pub language: String,
    /// Whether the address was proven to be theirs.
    pub email_verified: bool,
    /// When they came.
    #[serde(with = "crate::rest::timestamp")]
    pub created_at: OffsetDateTime,
}

/// A company as its people see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CompanyView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: CompanyId,
    /// Its name.
    #[schema(example = "마루 상사")]
    pub name: String,
    /// What it pays for.
    #[schema(value_type = String, example = "free")]
    pub plan: Plan,
    /// What the plan allows.
    pub limits: LimitsView,
}

/// What a plan allows; `null` is no limit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LimitsView {
    /// Most people.
    pub seats: Option<u32>,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Bytes of all files together.
    pub storage_bytes: Option<u64>,
}

impl From<Plan> for LimitsView {
    fn from(plan: Plan) -> Self {
        let limits = plan.limits();
        Self {
            seats: limits.seats,
            max_file_bytes: limits.max_file_bytes,
            storage_bytes: limits.storage_bytes,
        }
    }
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeView {
    /// The person.
    pub user: UserView,
    /// Their company.
    pub company: CompanyView,
    /// The session of this call.
    #[schema(value_type = uuid::Uuid)]
    pub session_id: SessionId,
}

/// A page of one's sessions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// How many, 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// Where to go on, from the last answer.
    #[param(inline, value_type = Option<words::Cursor>)]
    pub cursor: Option<String>,
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: SessionId,
    /// What the device said it is when it signed in.
    pub user_agent: String,
    /// The address it signed in from.
    pub address: String,
    /// When it signed in.
    #[serde(with = "crate::rest::timestamp")]
    pub created_at: OffsetDateTime,
    /// When it last took new tokens.
    #[serde(with = "crate::rest::timestamp")]
    pub last_used_at: OffsetDateTime,
    /// When it will be signed out unless it takes new tokens before.
    #[serde(with = "crate::rest::timestamp")]
    pub expires_at: OffsetDateTime,
    /// Whether it is the one that asks.
    pub current: bool,
}
