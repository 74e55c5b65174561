//! How many frames, and how many bad ones, a socket may send.

use std::time::Duration;

use app::socket::Rule;
use app::{Caller, Problem};
use domain::ConnectionId;
use wire::problem::Code;
use wire::socket::Control;

use crate::Deps;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// Bad frames in a minute that end a socket.
const MOST_BAD: u32 = 20;

/// Counts a frame of a person, whatever socket it came by. When Redis is away, frames go on: the limit protects, it
/// decides nothing.
pub(crate) async fn admit(deps: &Deps, caller: &Caller) -> Result<(), Problem> {
    let most = deps.config.limits.frames_per_s;
    let rule = Rule::new("frames", most, SECOND);
    match deps.live.limit(&caller.user.to_string(), &[rule]).await {
        Ok(verdict) if verdict.allowed => Ok(()),
        Ok(_) => Err(Problem::new(Code::RateLimited).retry_after(1)),
        Err(error) => {
            tracing::warn!(error = ?error, "frames are not counted: Redis does not answer");
            Ok(())
        }
    }
}

/// What a socket hears last, when this refusal ends it.
pub(crate) async fn parting(deps: &Deps, id: &ConnectionId, code: Code) -> Option<Control> {
    match code {
        Code::TokenInvalid => Some(Control::SignedOut),
        Code::MalformedJson
        | Code::MalformedRequest
        | Code::UnknownAction
        | Code::FrameTooLarge
        | Code::RateLimited => {
            let rule = Rule::new("bad_frames", MOST_BAD - 1, MINUTE);
            let verdict = deps.live.limit(&id.0, &[rule]).await;
            matches!(verdict, Ok(verdict) if !verdict.allowed).then_some(Control::TooManyBadFrames)
        }
        _ => None,
    }
}

/// Counts a message, as REST does: both ways together stay within the person's limits.
pub(crate) async fn message(deps: &Deps, caller: &Caller) -> Result<(), Problem> {
    let limits = &deps.config.limits;
    let rules = [
        Rule::new("messages", limits.messages_per_s, SECOND),
        Rule::new("writes", limits.writes_per_min, MINUTE),
    ];
    count(deps, caller, &rules).await
}

/// Counts any other change.
pub(crate) async fn write(deps: &Deps, caller: &Caller) -> Result<(), Problem> {
    let rule = Rule::new("writes", deps.config.limits.writes_per_min, MINUTE);
    count(deps, caller, &[rule]).await
}

async fn count(deps: &Deps, caller: &Caller, rules: &[Rule]) -> Result<(), Problem> {
    match deps.live.limit(&caller.user.to_string(), rules).await {
        Ok(verdict) if !verdict.allowed => {
            let wait = verdict.reset.as_millis().div_ceil(1_000);
            let wait = u64::try_from(wait).unwrap_or(u64::MAX);
            Err(Problem::new(Code::RateLimited).retry_after(wait))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(error = ?error, "calls are not counted: Redis does not answer");
            Ok(())
        }
    }
}
