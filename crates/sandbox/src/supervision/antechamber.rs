//! Workers that wait: locked in as far as that goes without orders, before there is anything to do.
//!
//! A worker costs some milliseconds before it reads its first byte: a program is started, and the kernel makes and unmakes
//! its namespaces. Where work comes in bursts, as the layers of a push, that is done before the burst.
//! Each worker still does one thing and ends.

use super::process::{Descriptors, Worker, failed};
use super::{Command, JailError};
use crate::limits::Orders;
use crate::summons::{self, Summons};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::ChildStdout;
use std::sync::{Mutex, PoisonError};

/// A place where workers of one program wait for work. They end when it is dropped, and when its process ends.
#[derive(Debug)]
pub struct Antechamber {
    program: PathBuf,
    places: usize,
    waiting: Mutex<Vec<Waiting>>,
}

/// A worker that waits. The order of the fields is that in which they are let go of.
#[derive(Debug)]
struct Waiting {
    socket: OwnedFd,
    output: ChildStdout,
    worker: Worker,
}

impl Antechamber {
    /// An empty one for workers of `program`, with so many places.
    pub fn new(program: PathBuf, places: usize) -> Self {
        Self { program, places, waiting: Mutex::default() }
    }

    /// Whether every place is taken.
    pub fn is_full(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len() >= self.places
    }

    /// Starts workers until every place is taken. They have the priority of the calling thread.
    ///
    /// # Errors
    ///
    /// If one cannot be started. Those that wait already stay.
    pub fn fill(&self) -> Result<(), JailError> {
        while !self.is_full() {
            let started = self.start()?;
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Somebody else may have filled it meanwhile; one worker too many does no harm.
            waiting.push(started);
        }
        Ok(())
    }

    fn start(&self) -> Result<Waiting, JailError> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(|error| failed(&self.program)(error.into()))?;
        let (worker, output) = Worker::start_waiting(&self.program, theirs)?;
        Ok(Waiting { socket: ours, output, worker })
    }

    /// Gives the work to a worker that waits. Without one, or if none can take it, one is to be started the usual way.
    pub(super) fn summon(
        &self,
        command: &Command,
        orders: &Orders,
        descriptors: &Descriptors,
    ) -> Option<(Worker, ChildStdout)> {
        if command.program != self.program {
            return None;
        }
        // What is no text cannot be said in a message, and is not needed: the arguments are ours.
        let arguments: Option<Vec<String>> =
            command.arguments.iter().map(|argument| argument.to_str().map(str::to_owned)).collect();
        let summons = Summons { orders: orders.clone(), arguments: arguments? };
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Waiting { socket, output, worker } = next?;
            let scratch = descriptors.scratch.as_ref().map(AsFd::as_fd);
            match summons::send(&socket, &summons, descriptors.input.as_fd(), scratch) {
                Ok(()) => return Some((worker, output)),
                // It ended while it waited, killed by somebody or for want of memory: the next one.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    drop((socket, output, worker));
                }
                Err(_) => {
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.push(Waiting { socket, output, worker });
                    return None;
                }
            }
        }
    }
}
