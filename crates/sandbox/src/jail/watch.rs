//! The watch: the process between supervisor and worker.
//!
//! It exists because a pid namespace is entered by a child only, and because the supervisor may be killed without a
//! word. It reads nothing and computes nothing. It ends the worker when the wall-clock limit is reached and when
//! nobody reads the output any more, and it ends as the worker ended.
//!
//! The parent-death signal is used between watch and worker alone. Between supervisor and watch it would be wrong:
//! the kernel sends it when the *thread* ends that started the child, and supervisors call from pooled threads.

use super::EnterError;
use crate::exit;
use crate::readiness::{Watched, wait_until};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process, pidfd_open, waitpid};
use std::ffi::c_int;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How much later than the watch the worker ends itself, should the watch be gone.
const MARGIN: Duration = Duration::from_secs(2);

/// Forks. Returns in the worker; the parent becomes the watch and never returns. Without `wall` it has no limit of its own.
pub(super) fn fork_worker(wall: Option<Duration>) -> Result<(), EnterError> {
    let deadline = wall.and_then(|wall| Instant::now().checked_add(wall));
    // SAFETY: the process has one thread, which `enter` has made sure of, so the child finds no lock held by a
    // thread that it does not have.
    let forked = unsafe { libc::fork() };
    match forked {
        -1 => Err(EnterError::at("starting the process of the worker")(io::Error::last_os_error())),
        0 => Ok(()),
        child => match Pid::from_raw(child) {
            Some(worker) => leave(guard(worker, deadline)),
            None => leave(exit::REFUSED),
        },
    }
}

/// Asks the kernel to kill the worker when the watch ends.
pub(super) fn die_with_the_watch() -> Result<(), EnterError> {
    // A watch that ended before this line leaves a worker that ends by its own alarm, set next.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(EnterError::at("binding the worker to its watch"))
}

/// Turns the signals that mean "a limit is reached" into exit codes.
///
/// A worker that is the first process of a pid namespace ignores signals without a handler, those it sends itself
/// too; so abort() and the soft limit on processor time need one to be seen at all.
pub(super) fn answer_signals(wall: Duration) -> Result<(), EnterError> {
    for signal in [libc::SIGABRT, libc::SIGXCPU, libc::SIGALRM] {
        // SAFETY: an all-zero sigaction is a valid value of this plain C structure.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        let handler: extern "C" fn(c_int) = end_by_signal;
        action.sa_sigaction = handler as libc::sighandler_t;
        // SAFETY: `action` lives through the call, and the handler calls nothing but `_exit`, which is allowed in a
        // signal handler.
        let installed = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        if installed != 0 {
            return Err(EnterError::at("answering signals")(io::Error::last_os_error()));
        }
    }
    let seconds = u32::try_from(wall.saturating_add(MARGIN).as_secs()).unwrap_or(u32::MAX);
    // SAFETY: alarm takes a number and touches no memory.
    unsafe { libc::alarm(seconds) };
    Ok(())
}

extern "C" fn end_by_signal(signal: c_int) {
    leave(match signal {
        libc::SIGXCPU => exit::CPU_EXHAUSTED,
        libc::SIGALRM => exit::TIMED_OUT,
        _ => exit::ABORTED,
    })
}

/// Ends the process at once, without the clean-up of the runtime, which belongs to the worker.
fn leave(code: i32) -> ! {
    // SAFETY: `_exit` has no precondition.
    unsafe { libc::_exit(code) }
}

/// Waits for the worker and returns the code to end with.
fn guard(worker: Pid, deadline: Option<Instant>) -> i32 {
    let _ = rustix::thread::set_name(c"jail-watch");
    // The input is the worker's alone: a feeder must see that nobody reads any more as soon as the worker is gone.
    // SAFETY: nothing in this process uses descriptor 0 after this line; the watch never returns to `main`.
    unsafe { libc::close(0) };
    let ended_early = match pidfd_open(worker, PidfdFlags::empty()) {
        Ok(process) => match wait_until(deadline, &process, Some(io::stdout().as_fd())) {
            Watched::Ready => None,
            Watched::ReaderGone => Some(exit::ABANDONED),
            Watched::TimedOut => Some(exit::TIMED_OUT),
        },
        // A kernel without process descriptors: the worker's own alarm and a closed pipe must do.
        Err(_) => None,
    };
    if ended_early.is_some() {
        let _ = kill_process(worker, Signal::KILL);
    }
    loop {
        match waitpid(Some(worker), WaitOptions::empty()) {
            Ok(Some((_, status))) => return ended_early.unwrap_or_else(|| end_as(status)),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return exit::REFUSED,
        }
    }
}

/// Ends as the worker ended: with its code, or by its signal.
fn end_as(status: WaitStatus) -> i32 {
    let Some(signal) = status.terminating_signal() else {
        return status.exit_status().unwrap_or(exit::REFUSED);
    };
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    // SAFETY: both calls take numbers; SIG_DFL is a valid disposition, and no other thread relies on the old one.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
    // Reached only if the signal is blocked or ignored.
    exit::ABORTED
}
