//! How much processor time this process has used.

use std::fs;
use std::time::Duration;

/// The time on a processor of all threads so far, exact to the nanosecond where the kernel tells it.
pub(crate) fn used() -> Result<Duration, std::io::Error> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_processor = times.split_whitespace().next().unwrap_or_default();
        nanos += on_processor.parse::<u64>().map_err(std::io::Error::other)?;
    }
    Ok(Duration::from_nanos(nanos))
}
