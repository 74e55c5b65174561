//! The one place that reads the operating system's randomness.

use crate::Problem;

/// `N` bytes that nobody can guess.
///
/// # Errors
/// When the system has none to give: nothing secret may be made then.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(bytes)
}
