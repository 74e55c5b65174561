//! Where programs are on this machine.

use std::path::{Path, PathBuf};

/// The folders of PATH.
pub(super) fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// Folders that fit a pattern with one `*`, the highest version first.
pub(super) fn matching(pattern: &str) -> Vec<PathBuf> {
    let parts: Vec<&str> = pattern.split('/').collect();
    let Some(at) = parts.iter().position(|part| part.contains('*')) else {
        return vec![PathBuf::from(pattern)];
    };
    let parent = PathBuf::from(parts[..at].join("/"));
    let (start, end) = parts[at].split_once('*').unwrap_or((parts[at], ""));
    let mut names: Vec<String> = std::fs::read_dir(&parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(start) && name.ends_with(end))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(version(name)));
    names
        .into_iter()
        .map(|name| {
            parent
                .join(name)
                .join(Path::new(&parts[at + 1..].join("/")))
        })
        .collect()
}

/// The first number in a name, 0 without one.
fn version(name: &str) -> u32 {
    name.split(|letter: char| !letter.is_ascii_digit())
        .find(|part| !part.is_empty())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_comes_first() {
        let root = std::env::temp_dir().join(format!("maru-install-{}", std::process::id()));
        for name in ["9", "15", "17"] {
            std::fs::create_dir_all(root.join(name).join("bin")).unwrap();
        }
        let found = matching(&format!("{}/*/bin", root.display()));
        std::fs::remove_dir_all(&root).unwrap();
        let expected: Vec<_> = ["17", "15", "9"]
            .iter()
            .map(|name| root.join(name).join("bin"))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert!(matching("/nowhere/at/all-*/bin").is_empty());
    }
}
