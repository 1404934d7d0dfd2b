//! What the supervisor promises: input in, answer out, every limit an error of its own, nothing left behind.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint knows tests by an attribute not used here"
)]

#[path = "../harness/cases.rs"]
mod cases;
mod limits;
mod orphan;
mod scratch;
mod traffic;
mod work;

use cases::Case;
use sandbox::{Command, Input, JailError, Layers, Limits, Report, Requirement};
use std::process::ExitCode;
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
    let cases: Vec<Case<'_>> = [traffic::CASES, limits::CASES, orphan::CASES, scratch::CASES]
        .into_iter()
        .flatten()
        .map(|(name, run)| Case { name, run: Box::new(run) })
        .collect();
    cases::run(&cases)
}

/// A name and a test.
type Named = (&'static str, fn());

/// Enough for any honest work of these tests.
fn ample() -> Limits {
    Limits {
        memory_bytes: 256 << 20,
        cpu_seconds: 30,
        wall: Duration::from_secs(60),
        output_bytes: 1 << 20,
        scratch_bytes: 1 << 20,
    }
}

/// Runs one kind of work and returns the text it wrote.
fn run(work: &str, input: Input, limits: &Limits) -> Result<(String, Report), JailError> {
    run_command(&Command::this_program([work]), input, limits)
}

fn run_command(command: &Command, input: Input, limits: &Limits) -> Result<(String, Report), JailError> {
    let (text, report) = sandbox::run(command, input, limits, Requirement::BestEffort, |output| {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    })?;
    Ok((text.expect("the output is read to its end"), report))
}
