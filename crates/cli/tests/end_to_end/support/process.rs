//! Programs beside the server, for as long as a test needs them.

use std::process::Child;
use std::time::Duration;

/// A running program, killed when it is dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process has spent on processors, in the threads that it has now.
pub(crate) fn processor_time(process: u32) -> Duration {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        // A thread that ends meanwhile counts no more.
        let spent = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap_or_default();
        nanoseconds += spent.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
    }
    Duration::from_nanos(nanoseconds)
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
