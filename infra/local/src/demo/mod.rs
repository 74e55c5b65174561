//! `cargo run -- demo`: the main job, seen by a person and checked at every step.
//!
//! Two people of one company meet in a room and talk; one uploads a large file, is killed half-way,
//! and resumes from another device while the other watches; the other downloads it. A batch of documents follows, with
//! previews, a new version and a link; a stranger finds nothing.

pub mod child;
mod content;
mod document;
mod rest;
mod scene;
mod socket;
mod stack;
mod summary;
mod upload;

use clap::Args;

use crate::options::Place;

/// How the demo runs.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Size of the file: bytes, or with KiB, MiB, GiB.
    #[arg(long, default_value = "256MiB", value_parser = size)]
    pub size: u64,
    /// How many small documents go in one batch after it, 1 to 50.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub files: u32,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Where the stack lives; it is started when none runs there.
    #[command(flatten)]
    pub place: Place,
}

/// What ended the demo early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call was turned away.
    #[error("{0} was refused with {1}: {2}")]
    Refused(String, u16, String),
    /// An answer or an event is not what the contract says.
    #[error("{0}")]
    Unexpected(String),
    /// A connection failed.
    #[error("a connection failed")]
    Http(#[from] reqwest::Error),
    /// A socket failed.
    #[error("a socket failed")]
    Socket(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// A process of the demo could not be started or ended.
    #[error("a process of the demo failed")]
    Process(#[source] std::io::Error),
}

/// Runs the demo against the stack on `data`; answers whether every check held.
///
/// # Errors
/// [`Error`] when it could not go on to the end.
pub async fn run(options: &Options, data: &std::path::Path) -> Result<bool, Error> {
    let stack = stack::Stack::find_or_start(data).await?;
    let outcome = scene::play(stack.ready(), options.size, options.files, !options.json).await;
    stack.end().await;
    let summary = outcome?;
    crate::say::answer(if options.json {
        summary.json()
    } else {
        summary.text()
    });
    Ok(summary.ok())
}

/// Reads `2GiB`, `64 MiB`, `1000`.
fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "tib" | "t" => 1 << 40,
        _ => return Err("a number of bytes, or one with KiB, MiB, GiB, TiB".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a number first, such as 2GiB".to_owned())?;
    number
        .checked_mul(scale)
        .ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("64 mib"), Ok(64 << 20));
        assert_eq!(size("13"), Ok(13));
        assert!(size("GiB").is_err() && size("2 cups").is_err() && size("99999999TiB").is_err());
    }
}
