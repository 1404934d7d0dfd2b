//! Stepping back: work that nobody waits for takes only the processor time that nobody else wants.
//!
//! Under the ordinary policy a thread that wakes has to wait until the slice of whoever runs there is over, however low that
//! one's priority is; a request that goes through many threads waits many times. Whoever runs under the policy for idle
//! processors is made to give way at once.

use std::io;

/// `struct sched_attr` of the kernel, in its first version.
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Makes the calling thread, and every process that it starts, step back behind everything else that wants a processor.
/// A thread that stepped back cannot be sure to come back.
///
/// # Errors
///
/// If the kernel refuses it.
pub fn step_back() -> io::Result<()> {
    let attributes = Attributes {
        size: u32::try_from(size_of::<Attributes>()).map_err(io::Error::other)?,
        policy: u32::try_from(libc::SCHED_IDLE).map_err(io::Error::other)?,
        flags: 0,
        nice: 0,
        priority: 0,
        runtime: 0,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the kernel reads as many bytes as `size` says from `attributes`, which lives through the call. Thread 0 is the
    // calling one.
    let changed = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if changed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_steps_back_alone() {
        let policy = || {
            // SAFETY: the call takes a number and touches no memory; 0 is the calling thread.
            unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) }
        };
        let before = policy();
        let back = std::thread::spawn(move || step_back().map(|()| policy())).join().unwrap();
        assert_eq!(back.unwrap(), i64::from(libc::SCHED_IDLE));
        assert_eq!(policy(), before);
    }
}
