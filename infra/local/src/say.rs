//! What a person at the terminal sees: progress on standard error, answers on standard output.
//!
//! A reader that went away (a closed pipe) must not take the stack down with it.

use std::fmt::Display;
use std::io::Write;
use std::time::Instant;

/// One line about what is going on.
pub fn note(line: impl Display) {
    ignore_closed(writeln!(std::io::stderr().lock(), "{line}"));
}

/// One line of what was asked for.
pub fn answer(line: impl Display) {
    let mut out = std::io::stdout().lock();
    ignore_closed(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// One line of progress: what is ready, how, and since when it was being worked on.
pub fn ready(what: &str, how: impl Display, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    note(format_args!("  {what:<12}{how}  ({seconds:.2} s)"));
}

fn ignore_closed(written: std::io::Result<()>) {
    // There is nowhere left to say that saying failed.
    drop(written);
}
