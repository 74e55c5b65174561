//! How a begin is refused.

use domain::upload::{Draft, Refusal};
use serde_json::json;
use wire::problem::{Code, FieldError};

use super::barred;
use crate::Problem;

/// The problem that a refusal is told as, with its figures.
pub(super) fn refused(refusal: Refusal, draft: &Draft) -> Problem {
    let size = draft.plan.size;
    let detail = refusal.to_string();
    match refusal {
        Refusal::NoRoom => Code::NotFound.into(),
        Refusal::Room(why) => barred(why),
        Refusal::NoFile => Problem::invalid(vec![FieldError::new("file_id", "not_found", detail)]),
        Refusal::NoThread => {
            Problem::invalid(vec![FieldError::new("thread_id", "not_found", detail)])
        }
        Refusal::UploadsOff => Code::UploadsOff.into(),
        Refusal::ThreadsOff => Problem::new(Code::Forbidden).with_detail(detail),
        Refusal::TitleTaken => Problem::new(Code::NameTaken).with_detail(detail),
        Refusal::TypeNotAllowed => {
            Problem::new(Code::TypeNotAllowed).with("content_type", draft.content_type.essence())
        }
        Refusal::FileTooLarge { limit } => Problem::new(Code::FileTooLarge)
            .with("limit_bytes", limit)
            .with("size", size),
        Refusal::Quota(storage) => Problem::new(Code::QuotaExceeded)
            .with("scope", "company")
            .with("size", size)
            .with("limit_bytes", json!(storage.limit))
            .with("used_bytes", storage.used)
            .with("reserved_bytes", storage.reserved)
            .with("available_bytes", json!(storage.available())),
        Refusal::RoomQuota { limit, used } => Problem::new(Code::QuotaExceeded)
            .with("scope", "room")
            .with("size", size)
            .with("limit_bytes", limit)
            .with("used_bytes", used)
            .with("available_bytes", limit.saturating_sub(used)),
        Refusal::TooManySending { limit } => {
            Problem::new(Code::TooManyUploads).with("limit", limit)
        }
    }
}
