//! Waiting for a process or a pipe with a deadline: the one use of poll(2), on both sides of the jail.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

/// What ended the waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// The descriptor is readable: the process ended, or the pipe has bytes or its end.
    Ready,
    /// The pipe that we hold for writing has no reader any more.
    ReaderGone,
    /// The deadline passed.
    TimedOut,
}

/// Waits until `awaited` is readable, the reader of `pipe` is gone, or the deadline passes. `None` waits for ever.
pub(crate) fn wait_until(
    deadline: Option<Instant>,
    awaited: &impl AsFd,
    pipe: Option<BorrowedFd<'_>>,
) -> Watched {
    let mut descriptors = [
        libc::pollfd { fd: awaited.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 },
        // Events 0: only errors are told, and POLLERR on the writing end means that the last reader is gone. A
        // negative descriptor is passed over.
        libc::pollfd { fd: pipe.map_or(-1, |pipe| pipe.as_raw_fd()), events: 0, revents: 0 },
    ];
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // SAFETY: the pointer and the length describe `descriptors`, which lives through the call; the descriptors
        // are borrowed for at least as long.
        let ready = unsafe { libc::poll(descriptors.as_mut_ptr(), 2, left.map_or(-1, milliseconds)) };
        if ready == 0 && left.is_some_and(|left| left <= MOST_AT_ONCE) {
            return Watched::TimedOut;
        }
        // The awaited comes first: a worker that is done is done, whoever still listens.
        let [awaited, pipe] = &descriptors;
        if ready > 0 && awaited.revents != 0 {
            return Watched::Ready;
        }
        if ready > 0 && pipe.revents != 0 {
            return Watched::ReaderGone;
        }
        // Interrupted by a signal, or an hour of a long wait is over: look at the clock again.
    }
}

/// Far below what the argument of poll holds.
const MOST_AT_ONCE: Duration = Duration::from_secs(3600);

/// Rounded up, so that a wait never ends before its deadline.
fn milliseconds(left: Duration) -> libc::c_int {
    let rounded = left.min(MOST_AT_ONCE).as_nanos().div_ceil(1_000_000);
    libc::c_int::try_from(rounded).unwrap_or(libc::c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn soon() -> Option<Instant> {
        Instant::now().checked_add(Duration::from_millis(20))
    }

    #[test]
    fn a_silent_pipe_times_out() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let before = Instant::now();
        assert_eq!(wait_until(soon(), &reader, None), Watched::TimedOut);
        assert!(before.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn bytes_and_the_end_are_both_ready() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(wait_until(None, &reader, None), Watched::Ready);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(writer);
        assert_eq!(wait_until(None, &reader, None), Watched::Ready);
    }

    #[test]
    fn a_reader_that_leaves_is_seen_from_the_writing_end() {
        let (silent, _kept) = std::io::pipe().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        assert_eq!(wait_until(soon(), &silent, Some(writer.as_fd())), Watched::TimedOut);
        drop(reader);
        assert_eq!(wait_until(None, &silent, Some(writer.as_fd())), Watched::ReaderGone);
    }
}
