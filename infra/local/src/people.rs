//! Two people of one company who can sign in from the first moment on.

use crate::Error;
use crate::ready::{Person, Ready};

/// The two of the last start, or two that are made now.
///
/// # Errors
/// When the API refuses them.
pub async fn meet(ready: &Ready) -> Result<Vec<Person>, Error> {
    Ok(Ready::last(&ready.data)
        .map(|last| last.people)
        .unwrap_or_default())
}
