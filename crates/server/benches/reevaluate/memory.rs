//! What this process holds in memory: what it has made itself, and what of files lies in memory because it reads them. The
//! second goes when somebody else needs the room: the snapshots are mapped, and not read.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most that was held before the last step, in megabytes.
static MOST: AtomicU64 = AtomicU64::new(0);

/// Begins to look at memory.
pub(crate) fn begin() {
    MOST.store(0, Ordering::Relaxed);
    forget_peak();
}

/// Begins another step, of which the most is told for itself.
pub(crate) fn step() {
    MOST.fetch_max(peak_megabytes(), Ordering::Relaxed);
    forget_peak();
}

/// The most that was held since [`begin`], in megabytes.
pub(crate) fn most() -> u64 {
    MOST.load(Ordering::Relaxed).max(peak_megabytes())
}

fn forget_peak() {
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

/// What is held now, and the most that was held in this step.
pub(crate) fn now() -> Memory {
    let megabytes = |name| kilobytes(name) / 1024;
    Memory { own: megabytes("RssAnon:"), of_files: megabytes("RssFile:"), most: peak_megabytes() }
}

fn peak_megabytes() -> u64 {
    kilobytes("VmHWM:") / 1024
}

fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
