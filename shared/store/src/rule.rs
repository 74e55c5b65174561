//! A rule of the table of permissions in the words that the database knows.

use domain::room::Rule;

/// What a statement compares a member's role and access, and the room's state with; all three must hold.
#[derive(Debug)]
pub(crate) struct Words {
    /// The roles that may.
    pub(crate) roles: Vec<&'static str>,
    /// The accesses that may.
    pub(crate) accesses: Vec<&'static str>,
    /// The states of the room in which it can be done.
    pub(crate) statuses: Vec<&'static str>,
}

impl From<Rule> for Words {
    fn from(rule: Rule) -> Self {
        Self {
            roles: rule.roles.iter().map(|role| role.as_str()).collect(),
            accesses: rule.accesses.iter().map(|access| access.as_str()).collect(),
            statuses: rule.statuses.iter().map(|status| status.as_str()).collect(),
        }
    }
}
