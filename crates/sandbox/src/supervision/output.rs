//! The output of a worker, read with a deadline and through a bound.

use crate::readiness::{Watched, wait_until};
use std::io::{self, BufReader, Read};
use std::process::ChildStdout;
use std::time::Instant;

/// Why we stopped reading before the worker stopped writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    TimedOut,
    TooLarge,
}

/// The pipe, with the deadline.
pub(super) struct Output {
    pipe: ChildStdout,
    deadline: Option<Instant>,
    timed_out: bool,
}

impl Output {
    pub(super) fn new(pipe: ChildStdout, deadline: Option<Instant>) -> Self {
        Self { pipe, deadline, timed_out: false }
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.timed_out || wait_until(self.deadline, &self.pipe, None) == Watched::TimedOut {
            self.timed_out = true;
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the worker reached its limit by the clock"));
        }
        self.pipe.read(buffer)
    }
}

/// What comes after the greeting, with the bound. This is what the caller reads.
pub(super) struct Payload {
    output: BufReader<Output>,
    left: u64,
    too_large: bool,
}

impl Payload {
    pub(super) fn new(output: BufReader<Output>, limit_bytes: u64) -> Self {
        Self { output, left: limit_bytes, too_large: false }
    }

    /// Lets go of the pipe and says whether it was cut.
    pub(super) fn into_cut(self) -> Option<Cut> {
        if self.output.get_ref().timed_out {
            Some(Cut::TimedOut)
        } else {
            self.too_large.then_some(Cut::TooLarge)
        }
    }
}

impl Read for Payload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            // Exactly at the bound: the end is fine, one byte more is not.
            self.too_large = self.too_large || self.output.read(&mut [0])? > 0;
            return if self.too_large {
                Err(io::Error::new(io::ErrorKind::FileTooLarge, "the worker wrote more than its limit"))
            } else {
                Ok(0)
            };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.output.read(&mut buffer[..most])?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
