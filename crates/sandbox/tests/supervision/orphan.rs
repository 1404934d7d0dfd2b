//! A supervisor that is killed leaves no worker behind.

use crate::{Named, ample};
use sandbox::{Command, Input, Requirement};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The first argument of a process that supervises one worker, for this test to kill.
pub(crate) const SUPERVISE: &str = "supervise-one-worker";

pub(crate) const CASES: &[Named] = &[
    ("a_killed_supervisor_leaves_no_worker", a_killed_supervisor_leaves_no_worker),
    ("a_panicking_reader_leaves_no_worker", a_panicking_reader_leaves_no_worker),
];

/// Hands its own input to a worker and passes on what the worker says.
pub(crate) fn supervise() -> ExitCode {
    let Ok(input) = io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::FAILURE };
    let command = Command::this_program(["ready-then-wait"]);
    let ran = sandbox::run(
        None,
        &command,
        Input::File(File::from(input)),
        &ample(),
        Requirement::BestEffort,
        |output| io::copy(output, &mut io::stdout()),
    );
    if ran.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The worker holds the reading end of this pipe and waits; it is gone when nobody holds it any more.
fn wait_until_nobody_reads(mut writer: io::PipeWriter) {
    let before = Instant::now();
    while writer.write_all(b"x").is_ok() {
        assert!(before.elapsed() < Duration::from_secs(60), "a worker is still there");
    }
}

fn a_killed_supervisor_leaves_no_worker() {
    let (reader, writer) = io::pipe().unwrap();
    let mut supervisor = std::process::Command::new("/proc/self/exe")
        .arg(SUPERVISE)
        .stdin(OwnedFd::from(reader))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    // SIGKILL: nothing in the supervisor runs any more.
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    wait_until_nobody_reads(writer);
}

fn a_panicking_reader_leaves_no_worker() {
    let (reader, writer) = io::pipe().unwrap();
    let input = Input::File(File::from(OwnedFd::from(reader)));
    let command = Command::this_program(["ready-then-wait"]);
    let read = |output: &mut dyn Read| {
        output.read_exact(&mut [0; 6]).unwrap();
        panic!("the reader of the answer gives up");
    };
    let limits = ample();
    let run = || sandbox::run(None, &command, input, &limits, Requirement::BestEffort, read).map(drop);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    assert!(panicked.is_err());
    wait_until_nobody_reads(writer);
}
