//! The exit codes by which the two processes inside speak to the supervisor.
//!
//! A hostile worker can use them too; that is harmless, since each of them means failure. Codes below
//! [`REFUSED`] belong to the caller.

/// The jail could not be had; no byte of the input was read.
pub(crate) const REFUSED: i32 = 120;
/// The worker aborted: an allocation was refused, or its stack ended.
pub(crate) const ABORTED: i32 = 121;
/// The worker used up its processor time.
pub(crate) const CPU_EXHAUSTED: i32 = 122;
/// The worker reached the wall-clock limit.
pub(crate) const TIMED_OUT: i32 = 123;
/// Nobody reads the output any more.
pub(crate) const ABANDONED: i32 = 124;
