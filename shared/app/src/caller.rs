//! Who is calling, from where, and when.

use std::sync::Arc;

use domain::{CompanyId, SessionId, UserId};
use time::OffsetDateTime;

/// A signed-in person's call. The token was checked; whether the person is still active and what
/// they may do is read with the data, in the statement that needs it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person.
    pub user: UserId,
    /// Their company: every statement is bound to it.
    pub company: CompanyId,
    /// The session that the token belongs to.
    pub session: SessionId,
    /// The call itself; shared by all who ask about it.
    pub client: Arc<Client>,
}

/// One call, signed in or not.
#[derive(Debug, Clone)]
pub struct Client {
    /// When the call arrived: the time of everything that it does.
    pub at: OffsetDateTime,
    /// The address that it came from, as API Gateway saw it.
    pub address: String,
    /// What the caller says it is; empty when it says nothing.
    pub user_agent: String,
    /// The id under which the logs know it.
    pub request_id: String,
}

impl Client {
    /// The call as sessions and the audit log remember it.
    #[must_use]
    pub fn origin(&self) -> store::Origin<'_> {
        store::Origin {
            at: self.at,
            address: &self.address,
            user_agent: &self.user_agent,
            request_id: &self.request_id,
        }
    }
}
