//! Outside: starts a worker, feeds it, reads its answer, ends it at its limits, and always reaps it.
//!
//! All of this blocks the calling thread; an asynchronous caller uses a thread that may block. The answer is
//! foreign to the caller: whatever the worker was fed may have taken it over, so it is read through a bound and has to
//! be decoded with distrust.

mod antechamber;
mod ending;
mod feed;
mod output;
mod process;

pub use antechamber::Antechamber;
pub use ending::JailError;
pub use feed::Input;

use crate::greeting::Greeting;
use crate::limits::Orders;
use crate::{Isolation, Limits, Requirement};
use ending::Ended;
use output::{Output, Payload};
use process::{Descriptors, Worker, failed};
use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Which program to run in the jail, and with which arguments.
///
/// The program must call [`worker_arguments`](crate::worker_arguments) first thing in its `main`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: PathBuf,
    /// What `worker_arguments` returns inside.
    pub arguments: Vec<OsString>,
    /// The folder in which the worker gets a file without a name, [`scratch`](crate::scratch); it is gone with the worker.
    /// Where none is named, or none can be made, the worker cannot write anything anywhere.
    pub scratch: Option<PathBuf>,
    /// Whether the worker [steps back](crate::step_back) behind everything else that wants a processor.
    pub at_leisure: bool,
}

impl Command {
    /// This very program, also after its file was replaced by a newer one.
    pub fn this_program<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Self {
        // The kernel keeps the executed file reachable under this name even if it was deleted.
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: arguments.into_iter().map(Into::into).collect(),
            scratch: None,
            at_leisure: false,
        }
    }
}

/// What one worker took, and how it was locked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The layers of the jail that were in force.
    pub isolation: Isolation,
    /// The most memory that was resident at one time.
    pub max_resident_bytes: u64,
    /// Processor time, user and system.
    pub cpu: Duration,
    /// Time from the start to the end.
    pub wall: Duration,
}

/// Runs one worker: gives it `input`, hands its output to `consume`, and returns what `consume` returned once the
/// worker has ended well.
///
/// Where a worker waits for this command in the `antechamber`, it is that one, and else one that is started now.
///
/// `consume` need not read to the end; what it leaves is read and thrown away, so that the worker can finish.
///
/// # Errors
///
/// If the worker cannot be started, cannot be jailed as required, reaches a limit, or does not end with code 0. What
/// `consume` returned is then dropped: half an answer is no answer.
pub fn run<T>(
    antechamber: Option<&Antechamber>,
    command: &Command,
    input: Input,
    limits: &Limits,
    requirement: Requirement,
    consume: impl FnOnce(&mut dyn Read) -> T,
) -> Result<(T, Report), JailError> {
    let started = Instant::now();
    let scratch = command.scratch.as_ref().and_then(|folder| tempfile::tempfile_in(folder).ok());
    let scratch_bytes = if scratch.is_some() { limits.scratch_bytes } else { 0 };
    let limits_within = Limits { scratch_bytes, ..limits.clone() };
    let orders = Orders { limits: limits_within, requirement, at_leisure: command.at_leisure };
    let failed = failed(&command.program);
    let (input, feed) = input.open().map_err(&failed)?;
    let descriptors = Descriptors { input, scratch };
    let (mut worker, stdout) =
        match antechamber.and_then(|antechamber| antechamber.summon(command, &orders, &descriptors)) {
            Some(summoned) => {
                drop(descriptors);
                summoned
            }
            None => Worker::start(command, descriptors, &orders)?,
        };
    feed.map_or(Ok(()), |feed| worker.feed(feed)).map_err(failed)?;
    let mut output = BufReader::new(Output::new(stdout, started.checked_add(limits.wall)));

    let greeting = Greeting::read(&mut output);
    let mut payload = Payload::new(output, limits.output_bytes);
    let answer = match greeting {
        Ok(Some(Greeting::Jailed(isolation))) if is_enough(&isolation, requirement) => {
            let value = consume(&mut payload);
            // What is left is read, so that the worker can finish and its end can be judged.
            let _ = io::copy(&mut payload, &mut io::sink());
            Ok((value, isolation))
        }
        // Otherwise there is nothing to wait for: letting go of the pipe makes the watch end the worker.
        Ok(Some(Greeting::Jailed(isolation))) => Err(JailError::Refused { why: isolation.to_string() }),
        Ok(Some(Greeting::Refused(why))) => Err(JailError::Refused { why }),
        Ok(None) => Err(JailError::NoGreeting),
        Err(error) => Err(JailError::Output(error)),
    };
    let cut = payload.into_cut();
    let end = worker.reap().map_err(JailError::Reap)?;
    let judged = end.judge(cut, limits);
    match answer {
        Ok((value, isolation)) => {
            judged?;
            worker.feed_error().map_or(Ok(()), |error| Err(JailError::Input(error)))?;
            let Ended { max_resident_bytes, cpu, .. } = end;
            Ok((value, Report { isolation, max_resident_bytes, cpu, wall: started.elapsed() }))
        }
        Err(refused @ JailError::Refused { .. }) => Err(refused),
        // Why it ended says more than that it did not speak, unless it ended because we stopped listening.
        Err(silent) if end.was_abandoned() => Err(silent),
        Err(silent) => Err(judged.err().unwrap_or(silent)),
    }
}

/// The worker has made sure of this already; the supervisor does not take its word for it.
fn is_enough(isolation: &Isolation, requirement: Requirement) -> bool {
    match requirement {
        Requirement::Required => isolation.is_sufficient(),
        Requirement::BestEffort => true,
    }
}
