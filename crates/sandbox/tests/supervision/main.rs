//! What the supervisor promises: input in, answer out, every limit an error of its own, nothing left behind.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint knows tests by an attribute not used here"
)]

mod antechamber;
#[path = "../harness/cases.rs"]
mod cases;
mod limits;
mod orphan;
mod scratch;
mod traffic;
mod work;

use cases::Case;
use sandbox::{Antechamber, Command, Input, JailError, Layers, Limits, Report, Requirement};
use std::io::Read;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn main() -> ExitCode {
    // A worker of these tests has the whole jail, but for the one that proves the refusal.
    let layers = if std::env::args().any(|argument| argument == work::WITHOUT_LANDLOCK) {
        Layers { landlock: false, ..Layers::ALL }
    } else {
        Layers::ALL
    };
    if let Some(arguments) = sandbox::worker_arguments_within(layers) {
        return work::work(&arguments);
    }
    if std::env::args().nth(1).is_some_and(|argument| argument == orphan::SUPERVISE) {
        return orphan::supervise();
    }
    if std::env::args().nth(1).is_some_and(|argument| argument == antechamber::KEEP_WAITING) {
        return antechamber::keep_waiting();
    }
    let all = [traffic::CASES, limits::CASES, orphan::CASES, scratch::CASES, antechamber::CASES];
    let again: Vec<(String, fn())> = [traffic::CASES, limits::CASES, scratch::CASES]
        .into_iter()
        .flatten()
        .filter(|(name, _)| !limits::NOT_WHEN_WAITING.contains(name))
        .map(|(name, run)| (format!("{name}_by_one_that_waited"), *run))
        .collect();
    let cold = all.into_iter().flatten().map(|(name, run)| Case { name, run: Box::new(run) });
    let waited = again.iter().map(|(name, run)| {
        let run = move || {
            FROM_THE_ANTECHAMBER.store(true, Ordering::SeqCst);
            let ended = std::panic::catch_unwind(run);
            FROM_THE_ANTECHAMBER.store(false, Ordering::SeqCst);
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        };
        Case { name, run: Box::new(run) }
    });
    cases::run(&cold.chain(waited).collect::<Vec<_>>())
}

/// Whether workers are to wait for their work. The cases run one after the other.
static FROM_THE_ANTECHAMBER: AtomicBool = AtomicBool::new(false);

/// What every case of these tests runs its worker with.
fn supervise<T>(
    command: &Command,
    input: Input,
    limits: &Limits,
    requirement: Requirement,
    consume: impl FnOnce(&mut dyn Read) -> T,
) -> Result<(T, Report), JailError> {
    if !FROM_THE_ANTECHAMBER.load(Ordering::SeqCst) {
        return sandbox::run(None, command, input, limits, requirement, consume);
    }
    let antechamber = Antechamber::new(Command::this_program([""; 0]).program, 1);
    antechamber.fill().unwrap();
    let ran = sandbox::run(Some(&antechamber), command, input, limits, requirement, consume);
    let is_ours = command.program == Command::this_program([""; 0]).program;
    assert_eq!(antechamber.is_full(), !is_ours, "the worker that waited was not the one that worked");
    ran
}

/// A name and a test.
type Named = (&'static str, fn());

/// Enough for any honest work of these tests.
fn ample() -> Limits {
    Limits {
        memory_bytes: 256 << 20,
        cpu_seconds: 30,
        wall: Duration::from_secs(300),
        output_bytes: 1 << 20,
        scratch_bytes: 1 << 20,
    }
}

/// Runs one kind of work and returns the text it wrote.
fn run(work: &str, input: Input, limits: &Limits) -> Result<(String, Report), JailError> {
    run_command(&Command::this_program([work]), input, limits)
}

fn run_command(command: &Command, input: Input, limits: &Limits) -> Result<(String, Report), JailError> {
    let (text, report) = supervise(command, input, limits, Requirement::BestEffort, |output| {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    })?;
    Ok((text.expect("the output is read to its end"), report))
}
