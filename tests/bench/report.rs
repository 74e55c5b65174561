//! A table of figures, for people and as JSON.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

/// What was measured, and what it must reach.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    name: &'static str,
    /// `debug` figures say little about time and processor.
    build: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    figure: String,
    value: f64,
    unit: &'static str,
    at_most: Option<f64>,
}

/// Durations of many calls.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Table {
    /// An empty one.
    pub(crate) fn new(name: &'static str) -> Self {
        let build = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        Self {
            name,
            build,
            rows: Vec::new(),
        }
    }

    /// Adds a figure, with what it must not exceed.
    pub(crate) fn row(
        &mut self,
        figure: impl Into<String>,
        value: f64,
        unit: &'static str,
        at_most: Option<f64>,
    ) {
        self.rows.push(Row {
            figure: figure.into(),
            value,
            unit,
            at_most,
        });
    }

    /// Saves it in `out`, or among the build's results; answers where.
    pub(crate) fn save(&self, out: Option<&Path>) -> Result<PathBuf, std::io::Error> {
        let usual = || {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/figures");
            root.join(self.name).with_extension("json")
        };
        let path = out.map_or_else(usual, Path::to_path_buf);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({} build)", self.name, self.build)?;
        writeln!(
            f,
            "{:<58} {:>12} {:<6} {:>10}",
            "figure", "value", "", "at most"
        )?;
        for row in &self.rows {
            let at_most = row.at_most.map(|most| most.to_string()).unwrap_or_default();
            let Row {
                figure,
                value,
                unit,
                ..
            } = row;
            writeln!(f, "{figure:<58} {value:>12.3} {unit:<6} {at_most:>10}")?;
        }
        Ok(())
    }
}

impl Times {
    /// Adds one.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds all of `more`.
    pub(crate) fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    /// How long the slowest of the fastest `percent` took, in milliseconds.
    pub(crate) fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let at = (self.0.len() * percent / 100).min(last);
        self.0
            .get(at)
            .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }
}
