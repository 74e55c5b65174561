//! How much memory functions took.
#![expect(
    clippy::disallowed_methods,
    reason = "the stack reads the same variable: which binaries its instances are"
)]

use serde_json::Value;
use support::Stack;

use crate::report::Table;

/// The most memory the process ever had resident, in MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64, app::Error> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("the kernel does not tell")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_024.0)
}

/// Adds the most memory that one instance of each function ever took on this stack. A limit stands beside it only
/// when the instances are the binaries that are deployed (`MARU_BINARIES`): else each is the whole of `maru-local`.
pub(crate) async fn rows(table: &mut Table, stack: &Stack) -> Result<(), app::Error> {
    let counters: Value = reqwest::get(format!("{}/counters", stack.control))
        .await?
        .json()
        .await?;
    let deployed = std::env::var_os("MARU_BINARIES").is_some();
    for (name, counted) in counters["functions"].as_object().ok_or("no counters")? {
        let kib = counted["peak_rss_kib"].as_f64().unwrap_or_default();
        if kib > 0.0 {
            let most = if name == "announce" { 64.0 } else { 48.0 };
            table.row(
                format!("{name}: most memory of an instance"),
                kib / 1_024.0,
                "MiB",
                deployed.then_some(most),
            );
        }
    }
    Ok(())
}
