//! How a worker ended, and what that means for the caller.

use super::output::Cut;
use crate::{Limits, exit};
use std::ffi::c_int;
use std::io;
use std::time::Duration;

/// Why there is no answer of a worker.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// The worker could not be started.
    #[error(
        "the worker {program} could not be started (is /proc mounted, and may this process start others?)"
    )]
    Start {
        /// What was to be started.
        program: String,
        /// Why it could not.
        source: io::Error,
    },
    /// The jail that is required could not be had. Nothing of the input was read.
    #[error("the worker refused to read its input, because it could not be jailed as required: {why}")]
    Refused {
        /// What is missing.
        why: String,
    },
    /// The program in the jail is not one of ours: its output does not begin with the report of its isolation.
    #[error(
        "the worker did not report its isolation; the program does not enter the jail first thing in its main"
    )]
    NoGreeting,
    /// The wall-clock limit was reached.
    #[error("the worker was ended after {} s, its limit by the clock", wall.as_secs_f64())]
    TimedOut {
        /// The limit.
        wall: Duration,
    },
    /// The limit on processor time was reached.
    #[error("the worker was ended after {seconds} s of processor time, its limit")]
    CpuExhausted {
        /// The limit.
        seconds: u64,
    },
    /// The worker aborted, which is what a program does when memory is refused to it.
    #[error(
        "the worker aborted: it reached its memory limit of {limit_bytes} bytes, or the end of its stack"
    )]
    OutOfMemory {
        /// The limit.
        limit_bytes: u64,
    },
    /// The answer is longer than the caller allows.
    #[error("the worker wrote more than {limit_bytes} bytes, the limit of its output")]
    OutputTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The worker asked the kernel for something that is not in the policy.
    #[error(
        "the worker was killed because it asked the kernel for something that the jail does not allow; \
         the input may be an attack"
    )]
    ForbiddenCall,
    /// A signal ended the worker.
    #[error("the worker was ended by signal {signal}; 9 is often the kernel running out of memory")]
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// The worker ended with a code other than 0; 101 is a panic.
    #[error("the worker failed with exit code {code}")]
    Crashed {
        /// The code.
        code: i32,
    },
    /// The source of the input failed, so the worker has seen only a part of it.
    #[error("the input of the worker could not be read to its end")]
    Input(#[source] io::Error),
    /// The worker's output could not be read.
    #[error("the output of the worker could not be read")]
    Output(#[source] io::Error),
    /// The end of the worker could not be waited for.
    #[error("the end of the worker could not be waited for")]
    Reap(#[source] io::Error),
}

/// The end of a worker, as the kernel tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: c_int,
    pub(super) max_resident_bytes: u64,
    pub(super) cpu: Duration,
}

impl Ended {
    /// Whether the watch ended the worker because we let go of its output.
    pub(super) fn was_abandoned(&self) -> bool {
        libc::WIFEXITED(self.status) && libc::WEXITSTATUS(self.status) == exit::ABANDONED
    }

    /// The verdict. What we did to the worker comes before what it did after that.
    pub(super) fn judge(&self, cut: Option<Cut>, limits: &Limits) -> Result<(), JailError> {
        let timed_out = JailError::TimedOut { wall: limits.wall };
        let exhausted = JailError::CpuExhausted { seconds: limits.cpu_seconds };
        match cut {
            Some(Cut::TimedOut) => return Err(timed_out),
            Some(Cut::TooLarge) => {
                return Err(JailError::OutputTooLarge { limit_bytes: limits.output_bytes });
            }
            None => {}
        }
        if libc::WIFSIGNALED(self.status) {
            return Err(match libc::WTERMSIG(self.status) {
                libc::SIGSYS => JailError::ForbiddenCall,
                libc::SIGXCPU => exhausted,
                libc::SIGKILL if self.cpu.as_secs() >= limits.cpu_seconds => exhausted,
                signal => JailError::Killed { signal },
            });
        }
        Err(match libc::WEXITSTATUS(self.status) {
            0 => return Ok(()),
            exit::ABORTED => JailError::OutOfMemory { limit_bytes: limits.memory_bytes },
            exit::CPU_EXHAUSTED => exhausted,
            exit::TIMED_OUT => timed_out,
            code => JailError::Crashed { code },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: c_int, cpu_seconds: u64, cut: Option<Cut>, expected: &str) {
        let limits = Limits {
            memory_bytes: 1024,
            cpu_seconds: 5,
            wall: Duration::from_millis(1500),
            output_bytes: 77,
            scratch_bytes: 0,
        };
        let ended = Ended { status, max_resident_bytes: 0, cpu: Duration::from_secs(cpu_seconds) };
        let judged = ended.judge(cut, &limits).map_or_else(|error| error.to_string(), |()| "well".to_owned());
        assert_eq!(judged, expected, "status {status:#x}");
    }

    #[test]
    fn each_end_has_its_sentence() {
        let exited = |code: c_int| code << 8;
        check(exited(0), 0, None, "well");
        check(exited(101), 0, None, "the worker failed with exit code 101");
        check(
            exited(exit::ABORTED),
            0,
            None,
            "the worker aborted: it reached its memory limit of 1024 bytes, or the end of its stack",
        );
        check(
            exited(exit::CPU_EXHAUSTED),
            5,
            None,
            "the worker was ended after 5 s of processor time, its limit",
        );
        check(exited(exit::TIMED_OUT), 0, None, "the worker was ended after 1.5 s, its limit by the clock");
        check(
            libc::SIGSYS,
            0,
            None,
            "the worker was killed because it asked the kernel for something that the jail does not allow; \
             the input may be an attack",
        );
        check(
            libc::SIGSEGV,
            0,
            None,
            "the worker was ended by signal 11; 9 is often the kernel running out of memory",
        );
    }

    #[test]
    fn a_kill_at_the_processor_limit_is_that_limit() {
        check(libc::SIGKILL, 6, None, "the worker was ended after 5 s of processor time, its limit");
        check(
            libc::SIGKILL,
            1,
            None,
            "the worker was ended by signal 9; 9 is often the kernel running out of memory",
        );
    }

    #[test]
    fn what_we_cut_comes_first() {
        check(0, 0, Some(Cut::TooLarge), "the worker wrote more than 77 bytes, the limit of its output");
        check(
            libc::SIGKILL,
            9,
            Some(Cut::TimedOut),
            "the worker was ended after 1.5 s, its limit by the clock",
        );
    }
}
