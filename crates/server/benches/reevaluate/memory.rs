//! What this process holds in memory: what it has made itself, and what of files lies in memory because it reads them. The
//! second goes when somebody else needs the room: the snapshots are mapped, and not read.

use std::fmt;

/// Forgets the most memory that was used until now.
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Memory at a moment.
pub(crate) struct Memory {
    own: u64,
    of_files: u64,
    most: u64,
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { own, of_files, most } = self;
        write!(formatter, "{own} MB of its own and {of_files} MB of files in memory, {most} MB at most")
    }
}

/// What is held now, and the most that was held since [`forget_peak`].
pub(crate) fn now() -> Memory {
    let megabytes = |name| kilobytes(name) / 1024;
    Memory { own: megabytes("RssAnon:"), of_files: megabytes("RssFile:"), most: peak_megabytes() }
}

/// The most that was held since [`forget_peak`], in megabytes.
pub(crate) fn peak_megabytes() -> u64 {
    kilobytes("VmHWM:") / 1024
}

fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
