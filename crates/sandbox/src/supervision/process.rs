//! The process of a worker as the supervisor sees it: started with nothing, reaped in any case.

use super::Command;
use super::ending::{Ended, JailError};
use super::feed::Feed;
use crate::WORKER_ARGUMENT;
use crate::jail::WAITS;
use crate::limits::Orders;
use crate::readiness::{Watched, wait_until};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::{OsStr, OsString, c_int};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How long the watch may take to end once nobody reads the output. It needs moments; this is for a loaded machine.
const GRACE: Duration = Duration::from_secs(5);

/// What a worker is given beside its orders.
pub(super) struct Descriptors {
    pub(super) input: OwnedFd,
    /// The file that it may write to, if there is one.
    pub(super) scratch: Option<File>,
}

/// A started worker, behind its watch. Dropping it ends and reaps it; its output must be dropped first.
#[derive(Debug)]
pub(super) struct Worker {
    watch: Child,
    feed: Option<Receiver<io::Error>>,
    reaped: bool,
}

impl Worker {
    /// Starts a worker that has its orders and its descriptors from the beginning.
    pub(super) fn start(
        command: &Command,
        descriptors: Descriptors,
        orders: &Orders,
    ) -> Result<(Self, ChildStdout), JailError> {
        let orders = serde_json::to_string(orders).map_err(|error| failed(&command.program)(error.into()))?;
        // What nobody would read goes nowhere.
        let scratch = descriptors.scratch.map_or_else(Stdio::null, Into::into);
        Self::spawn(&command.program, orders.as_ref(), &command.arguments, descriptors.input, scratch)
    }

    /// Starts a worker that waits to be summoned through `socket`.
    pub(super) fn start_waiting(program: &Path, socket: OwnedFd) -> Result<(Self, ChildStdout), JailError> {
        Self::spawn(program, WAITS.as_ref(), &[], socket, Stdio::null())
    }

    /// Starts the program with an empty environment and three descriptors.
    fn spawn(
        program: &Path,
        orders: &OsStr,
        arguments: &[OsString],
        stdin: OwnedFd,
        stderr: Stdio,
    ) -> Result<(Self, ChildStdout), JailError> {
        let failed = failed(program);
        let mut process = std::process::Command::new(program);
        if let Some(own_name) = std::env::args_os().next() {
            process.arg0(own_name);
        }
        let mut watch = process
            .arg(WORKER_ARGUMENT)
            .arg(orders)
            .args(arguments)
            .env_clear()
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(&failed)?;
        // Our copy of the worker's end of the input goes now, so that the feed sees when the worker goes.
        drop(process);
        let stdout = watch.stdout.take();
        let worker = Self { watch, feed: None, reaped: false };
        let stdout = stdout.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok((worker, stdout))
    }

    /// Starts to copy the input to the worker. Our copy of the worker's end must have gone.
    pub(super) fn feed(&mut self, feed: Feed) -> io::Result<()> {
        self.feed = Some(feed.start()?);
        Ok(())
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

/// Names the program that could not be started.
pub(super) fn failed(program: &Path) -> impl Fn(io::Error) -> JailError {
    let program = program.display().to_string();
    move |source| JailError::Start { program: program.clone(), source }
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
