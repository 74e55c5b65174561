//! `maru-local logs`: one part's log, and what comes after.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use crate::{Error, say};

/// Between two looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Prints the log called `name` in the data folder, or the names there are; goes on when `follow` says so.
///
/// # Errors
/// When there is no such log.
pub async fn run(data: &Path, name: Option<&str>, follow: bool) -> Result<(), Error> {
    let folder = data.join("logs");
    let names = names(&folder);
    let Some(name) = name else {
        say::answer(names.join("\n"));
        return Ok(());
    };
    if !names.iter().any(|known| known == name) {
        return Err(Error::Said(format!(
            "there is no log `{name}` in {}; there are: {}",
            folder.display(),
            names.join(", ")
        )));
    }
    let path = folder.join(format!("{name}.log"));
    let mut log = File::open(&path).map_err(Error::io(format!("read {}", path.display())))?;
    loop {
        if !print_rest(&mut log)? || !follow {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
        restart_if_shorter(&mut log)?;
    }
}

/// Whether somebody still reads what we print.
fn print_rest(log: &mut File) -> Result<bool, Error> {
    let mut text = Vec::new();
    log.read_to_end(&mut text)
        .map_err(Error::io("read the log"))?;
    let mut out = std::io::stdout().lock();
    Ok(out.write_all(&text).and_then(|()| out.flush()).is_ok())
}

/// A log that was begun anew is read anew.
fn restart_if_shorter(log: &mut File) -> Result<(), Error> {
    let length = log.metadata().map(|about| about.len());
    let at = log.stream_position();
    match (length, at) {
        (Ok(length), Ok(at)) if length < at => log.seek(SeekFrom::Start(0)).map(drop),
        (Err(error), _) | (_, Err(error)) => Err(error),
        _ => Ok(()),
    }
    .map_err(Error::io("follow the log"))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".log").map(str::to_owned))
        .collect();
    names.sort();
    names
}
