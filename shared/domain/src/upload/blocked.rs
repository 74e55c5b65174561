//! What is refused before a byte is sent: files that a system runs when they are opened.

use super::{ContentType, FileName};

/// A file of a kind that nobody may upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("files of the kind {kind} are not taken")]
pub struct Blocked {
    /// The extension, media type or signature that gave it away.
    pub kind: String,
}

/// Extensions of programs, installers, libraries and scripts that run at a double click. Source code
/// that a person reads (`.py`, `.rs`, `.ts`) is not among them.
const EXTENSIONS: &[&str] = &[
    "action", "apk", "app", "appimage", "appx", "bash", "bat", "cmd", "com", "command", "cpl",
    "csh", "deb", "dll", "drv", "elf", "exe", "fish", "gadget", "hta", "inf", "ipa", "jar", "js",
    "jse", "ksh", "lnk", "msc", "msi", "msix", "msp", "mst", "ocx", "pif", "pkg", "ps1", "ps1xml",
    "psd1", "psm1", "pyw", "reg", "rpm", "run", "scf", "scr", "sct", "sh", "shb", "sys", "url",
    "vb", "vbe", "vbs", "ws", "wsc", "wsf", "wsh", "xbap", "zsh",
];

/// Media types of the same.
const TYPES: &[&str] = &[
    "application/bat",
    "application/hta",
    "application/java-archive",
    "application/javascript",
    "application/vnd.android.package-archive",
    "application/vnd.microsoft.portable-executable",
    "application/x-bat",
    "application/x-csh",
    "application/x-dosexec",
    "application/x-elf",
    "application/x-executable",
    "application/x-java-archive",
    "application/x-javascript",
    "application/x-mach-binary",
    "application/x-ms-installer",
    "application/x-ms-shortcut",
    "application/x-msdos-program",
    "application/x-msdownload",
    "application/x-msi",
    "application/x-powershell",
    "application/x-sh",
    "application/x-sharedlib",
    "application/x-shellscript",
    "text/javascript",
    "text/vbscript",
    "text/x-shellscript",
];

/// Refuses a file by its name or declared type.
///
/// # Errors
/// [`Blocked`], naming what gave it away.
pub fn refuse_by_declaration(name: &FileName, declared: &ContentType) -> Result<(), Blocked> {
    let extension = name.extension();
    if EXTENSIONS.contains(&extension.as_str()) {
        return Err(Blocked {
            kind: format!(".{extension}"),
        });
    }
    if TYPES.contains(&declared.essence()) {
        return Err(Blocked {
            kind: declared.essence().to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_u8_programs_and_scripts_are_refused() {
        let of = |name, declared| {
            refuse_by_declaration(
                &FileName::parse(name).unwrap(),
                &ContentType::parse(declared).unwrap(),
            )
        };
        for name in ["setup.EXE", "a.pdf.scr", "evil.bat.", "x.sh ", "ㅎ.ps1"] {
            assert!(of(name, "application/octet-stream").is_err(), "{name}");
        }
        assert!(of("a", "application/x-msdownload; x=y").is_err());
        for name in ["회의록.pdf", "exe", "archive.zip", "main.rs", "shell.txt"] {
            assert!(of(name, "application/octet-stream").is_ok(), "{name}");
        }
    }
}
