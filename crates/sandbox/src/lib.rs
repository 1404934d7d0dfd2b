//! One jailed worker process: lockdown inside, supervision outside.
//!
//! Bytes of strangers are parsed in a process that can do nothing but read its input, compute and write its
//! answer. The worker is *the same binary executed again*: nothing has to be installed beside it, and it always
//! has the version of its supervisor.
//!
//! * Outside, [`run`] starts a worker with an empty environment and three descriptors, hands it the input, gives
//!   the caller its output through a bounded reader, ends it at the limits, and always reaps it.
//! * Inside, `main` calls [`worker_arguments`] before anything else. In a worker it locks the process in, tells
//!   the supervisor how far that went (the first line of the output), and returns the caller's arguments.
//!
//! There are three processes. The supervisor starts the *watch*: the re-executed binary, which makes the
//! namespaces, forks the *worker* into them, and then does nothing but wait for three things: the worker's end,
//! the wall-clock limit, and the disappearance of the reader of the output. So a supervisor that is killed, by
//! whatever means, leaves no worker behind. The worker is the fork: it takes away its own rights and reads the
//! first byte of the input only after that.
//!
//! A worker can also be started before there is work for it ([`Antechamber`]). It makes the namespaces and takes away its
//! rights to paths, waits for one message with its orders and its input, and then does the rest.
//!
//! The layers of the jail are independent; `tests/escape/` tries each way out against each layer alone. What is
//! defended and what is not stands in `docs/threat-model.md`; the allowed system calls, each with its reason, in
//! `policy/syscalls.txt`.
//!
//! This crate knows nothing of what the worker computes. It does not encode, decode or interpret anything but the
//! first line. It is the one crate with `unsafe` code beside the map of the advisory snapshot.

#![expect(
    unsafe_code,
    reason = "fork, signal handlers, polling and wait4 have no safe form in our dependencies"
)]

mod exit;
mod greeting;
mod isolation;
mod jail;
mod leisure;
mod limits;
mod policy;
mod readiness;
mod summons;
mod supervision;

pub use isolation::{Isolation, Level};
#[doc(hidden)]
pub use jail::worker_arguments_within;
pub use jail::{WORKER_ARGUMENT, input, scratch, worker_arguments};
pub use leisure::step_back;
#[doc(hidden)]
pub use limits::Layers;
pub use limits::{Limits, Requirement, UnknownRequirement};
pub use supervision::{Antechamber, Command, Input, JailError, Report, run};
