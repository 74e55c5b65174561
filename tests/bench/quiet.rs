//! Keeps the functions' own log lines, a few for each call, out of the table's way.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

/// Standard output as it was, until this is dropped.
#[derive(Debug)]
pub(crate) struct Quiet(OwnedFd);

impl Quiet {
    /// Sends standard output to nowhere: lines are still made and written, as they are when deployed.
    pub(crate) fn new() -> io::Result<Self> {
        let before = rustix::io::dup(io::stdout())?;
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if rustix::stdio::dup2_stdout(&self.0).is_err() {
            // Nothing is left to tell it on; the table is saved all the same.
        }
    }
}
