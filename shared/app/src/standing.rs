//! Whether a caller's token still stands, looked at where it matters: when something was not found.
//!
//! Every statement finds nothing for somebody who is not active (any more). One look then tells a person who has to go
//! from one who asked for what is not there, and no call that succeeds pays for it.

use store::Store;
use wire::problem::Code;

use crate::{Caller, Problem};

/// The refusal that `caller` gets in place of `problem`: `token_invalid` when they or their company are not active.
pub async fn or_not_found(store: &Store, caller: &Caller, problem: Problem) -> Problem {
    if problem.code != Code::NotFound {
        return problem;
    }
    match store.is_active(caller.company, caller.user).await {
        Ok(true) => problem,
        Ok(false) => Code::TokenInvalid.into(),
        Err(error) => error.into(),
    }
}
