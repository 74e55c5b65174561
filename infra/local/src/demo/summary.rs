//! What the demo found, for people and for programs.

use serde_json::json;

/// The figures and checks of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    /// Bytes of the file.
    pub(super) size: u64,
    /// Parts of the upload.
    pub(super) parts: u64,
    /// Bytes sent again after the cut: parts that were on their way.
    pub(super) resent_bytes: u64,
    /// REST calls of everybody, those of the killed client not counted.
    pub(super) api_calls: u64,
    /// Bytes of binary bodies that any function took or gave: bytes of files.
    pub(super) function_bytes: u64,
    /// Bytes of all events and answers of all functions, for comparison.
    pub(super) control_bytes: u64,
    /// Speed of the upload, both clients together, the pause between them left out.
    pub(super) upload_mib_s: f64,
    /// From before sending to received by the other, sorted, in milliseconds.
    pub(super) message_ms: Vec<f64>,
    /// Whether the cut came while the upload was on its way.
    pub(super) was_cut: bool,
    /// Whether the other person saw progress.
    pub(super) progress_seen: bool,
    /// Whether the downloaded bytes are the uploaded ones.
    pub(super) sha256_match: bool,
    /// How many files the batch was to have.
    pub(super) files_wanted: u64,
    /// How many files came of the batch.
    pub(super) files: u64,
    /// Whether the other person got a picture of the first of them.
    pub(super) preview_seen: bool,
    /// Whether both versions of it could be had, each under its number.
    pub(super) versions_kept: bool,
    /// Whether a link for one download gave it once, and then nothing.
    pub(super) link_held: bool,
    /// Whether the stranger got 404 for everything.
    pub(super) stranger_refused: bool,
}

impl Summary {
    /// Whether every check held.
    pub(super) fn ok(&self) -> bool {
        self.sha256_match
            && self.stranger_refused
            && self.files == self.files_wanted
            && self.preview_seen
            && self.versions_kept
            && self.link_held
            && self.function_bytes == 0
            && self.progress_seen
            && (self.was_cut || self.parts < 4)
            && !self.message_ms.is_empty()
    }

    /// One line of JSON.
    pub(super) fn json(&self) -> String {
        json!({
            "ok": self.ok(),
            "size": self.size,
            "parts": self.parts,
            "resent_bytes": self.resent_bytes,
            "api_calls": self.api_calls,
            "function_bytes": self.function_bytes,
            "control_bytes": self.control_bytes,
            "upload_mib_s": tenth(self.upload_mib_s),
            "message_ms": {"p50": tenth(self.quantile(0.50)), "p99": tenth(self.quantile(0.99))},
            "was_cut": self.was_cut,
            "progress_seen": self.progress_seen,
            "sha256_match": self.sha256_match,
            "files": self.files,
            "preview_seen": self.preview_seen,
            "versions_kept": self.versions_kept,
            "link_held": self.link_held,
            "stranger_refused": self.stranger_refused,
        })
        .to_string()
    }

    /// A few lines for people.
    pub(super) fn text(&self) -> String {
        let mib = 1 << 20;
        let say = |held: bool| if held { "yes" } else { "NO" };
        format!(
            "\n  file                       {} MiB in {} parts\n  \
             sent again after the cut   {} MiB\n  \
             requests to the API        {}\n  \
             file bytes in functions    {} (their events and answers: {} KiB)\n  \
             upload                     {:.1} MiB/s\n  \
             message, sent to seen      p50 {:.1} ms, p99 {:.1} ms over {} messages\n  \
             cut half-way and resumed   {}\n  \
             progress seen by the other {}\n  \
             SHA-256 after download     {}\n  \
             files by one batch         {} of {}\n  \
             preview as a picture       {}\n  \
             both versions kept         {}\n  \
             link good for one download {}\n  \
             stranger gets 404 only     {}\n\n  {}",
            self.size / mib,
            self.parts,
            self.resent_bytes / mib,
            self.api_calls,
            self.function_bytes,
            self.control_bytes / 1024,
            self.upload_mib_s,
            self.quantile(0.50),
            self.quantile(0.99),
            self.message_ms.len(),
            if self.parts < 4 {
                "too few parts to cut"
            } else {
                say(self.was_cut)
            },
            say(self.progress_seen),
            if self.sha256_match {
                "equal"
            } else {
                "DIFFERENT"
            },
            self.files,
            self.files_wanted,
            say(self.preview_seen),
            say(self.versions_kept),
            say(self.link_held),
            say(self.stranger_refused),
            if self.ok() {
                "Every check held."
            } else {
                "A check FAILED."
            },
        )
    }

    fn quantile(&self, share: f64) -> f64 {
        let last = self.message_ms.len().saturating_sub(1);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index of a short list"
        )]
        let index = (last as f64 * share).ceil() as usize;
        self.message_ms.get(index).copied().unwrap_or(0.0)
    }
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_not_ok() {
        let good = Summary {
            parts: 9,
            was_cut: true,
            progress_seen: true,
            sha256_match: true,
            stranger_refused: true,
            files_wanted: 3,
            files: 3,
            preview_seen: true,
            versions_kept: true,
            link_held: true,
            message_ms: vec![1.0, 2.0, 3.0],
            ..Summary::default()
        };
        assert!(good.ok());
        assert!(
            !Summary {
                function_bytes: 1,
                ..good.clone()
            }
            .ok()
        );
        assert!(
            !Summary {
                was_cut: false,
                ..good.clone()
            }
            .ok()
        );
        assert!(
            !Summary {
                files: 2,
                ..good.clone()
            }
            .ok()
        );
        assert!((good.quantile(0.99) - 3.0).abs() < f64::EPSILON);
    }
}
