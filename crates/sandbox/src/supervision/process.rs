//! The process of a worker as the supervisor sees it: started with nothing, reaped in any case.

use super::ending::{Ended, JailError};
use super::{Command, Input};
use crate::WORKER_ARGUMENT;
use crate::limits::Orders;
use crate::readiness::{Watched, wait_until};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How long the watch may take to end once nobody reads the output. It needs moments; this is for a loaded machine.
const GRACE: Duration = Duration::from_secs(5);

/// A started worker, behind its watch. Dropping it ends and reaps it; its output must be dropped first.
pub(super) struct Worker {
    watch: Child,
    feed: Option<Receiver<io::Error>>,
    reaped: bool,
}

impl Worker {
    /// Starts the program with an empty environment, the input, the output, and the scratch file or nothing in the place of
    /// the error output: nobody would read that.
    pub(super) fn start(
        command: &Command,
        input: Input,
        scratch: Option<File>,
        orders: &Orders,
    ) -> Result<(Self, ChildStdout), JailError> {
        let failed = |source| JailError::Start { program: command.program.display().to_string(), source };
        let orders = serde_json::to_string(orders).map_err(|error| failed(error.into()))?;
        let (stdin, feed) = input.open().map_err(failed)?;
        let mut process = std::process::Command::new(&command.program);
        if let Some(own_name) = std::env::args_os().next() {
            process.arg0(own_name);
        }
        let mut watch = process
            .arg(WORKER_ARGUMENT)
            .arg(orders)
            .args(&command.arguments)
            .env_clear()
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(scratch.map_or_else(Stdio::null, Into::into))
            .spawn()
            .map_err(failed)?;
        // Our copy of the worker's end of the input goes now, so that the feed sees when the worker goes.
        drop(process);
        let stdout = watch.stdout.take();
        let mut worker = Self { watch, feed: None, reaped: false };
        worker.feed = feed.map(|feed| feed.start()).transpose().map_err(failed)?;
        let stdout = stdout.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok((worker, stdout))
    }

    /// Waits for the end of a worker whose output was read to its end, or let go of.
    pub(super) fn reap(&mut self) -> io::Result<Ended> {
        let pid = c_int::try_from(self.watch.id()).map_err(io::Error::other)?;
        if self.is_late(pid) {
            // Not reaped yet, so the number still means this process.
            self.watch.kill()?;
        }
        let mut status = 0;
        // SAFETY: rusage is a plain C structure of numbers, for which all zeroes is a valid value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: both pointers point to live values of the types that wait4 writes.
            let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
            if waited == pid {
                break;
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.reaped = true;
        Ok(Ended {
            status,
            // Linux counts it in KiB. It is that of the larger of watch and worker, since the watch reaped the worker.
            max_resident_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0).saturating_mul(1024),
            cpu: duration(usage.ru_utime).saturating_add(duration(usage.ru_stime)),
        })
    }

    /// The error with which the source of the input ended, if it did. To be asked after the end of the worker.
    pub(super) fn feed_error(&self) -> Option<io::Error> {
        self.feed.as_ref().and_then(|feed| feed.try_recv().ok())
    }

    fn is_late(&self, pid: c_int) -> bool {
        let process = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        process.is_none_or(|process| {
            wait_until(Instant::now().checked_add(GRACE), &process, None) != Watched::Ready
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.reap();
        }
    }
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}
