//! Every limit ends the worker, and says which one it was.

use crate::{Named, ample, run, supervise, work};
use sandbox::{Command, Input, JailError, Limits, Requirement};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const CASES: &[Named] = &[
    ("too_much_memory_is_refused", too_much_memory_is_refused),
    ("the_end_of_the_stack_is_the_end", the_end_of_the_stack_is_the_end),
    ("processor_time_ends", processor_time_ends),
    ("the_clock_ends_a_worker_that_computes", the_clock_ends_a_worker_that_computes),
    ("the_clock_ends_a_worker_that_waits", the_clock_ends_a_worker_that_waits),
    ("a_flood_of_output_is_cut", a_flood_of_output_is_cut),
    ("output_at_the_limit_is_whole", output_at_the_limit_is_whole),
    ("a_panic_is_a_crash", a_panic_is_a_crash),
    ("an_exit_code_is_told", an_exit_code_is_told),
    ("a_forbidden_call_is_named", a_forbidden_call_is_named),
    ("without_landlock_a_required_jail_refuses", without_landlock_a_required_jail_refuses),
    ("a_program_that_does_not_greet_is_no_worker", a_program_that_does_not_greet_is_no_worker),
    ("a_missing_program_cannot_be_started", a_missing_program_cannot_be_started),
];

/// One that waits enters the jail before it hears of its work, so these cannot take layers of it away from it.
pub(crate) const NOT_WHEN_WAITING: &[&str] = &["without_landlock_a_required_jail_refuses"];

fn failure(work: &str, input: Input, limits: &Limits) -> JailError {
    match run(work, input, limits) {
        Ok((text, _)) => panic!("{work} ended well and said {text:?}"),
        Err(error) => error,
    }
}

fn too_much_memory_is_refused() {
    let error = failure("grow", Input::Empty, &ample());
    assert!(matches!(error, JailError::OutOfMemory { limit_bytes: 0x1000_0000 }), "{error}");
}

fn the_end_of_the_stack_is_the_end() {
    let error = failure("overflow", Input::Empty, &ample());
    assert!(matches!(error, JailError::OutOfMemory { .. }), "{error}");
}

fn processor_time_ends() {
    // A machine with much else to do needs long for a second of its processor.
    let limits = Limits { cpu_seconds: 1, wall: Duration::from_secs(600), ..ample() };
    let error = failure("spin", Input::Empty, &limits);
    assert!(matches!(error, JailError::CpuExhausted { seconds: 1 }), "{error}");
}

fn the_clock_ends_a_worker_that_computes() {
    let limits = Limits { wall: Duration::from_millis(300), ..ample() };
    // It would compute for 30 seconds of a processor.
    let error = failure("spin", Input::Empty, &limits);
    assert!(matches!(error, JailError::TimedOut { .. }), "{error}");
}

fn the_clock_ends_a_worker_that_waits() {
    // The input never comes and never ends.
    let (reader, _writer) = io::pipe().unwrap();
    let limits = Limits { wall: Duration::from_millis(300), ..ample() };
    let error = failure("echo", Input::Stream(Box::new(reader)), &limits);
    assert!(matches!(error, JailError::TimedOut { .. }), "{error}");
}

fn a_flood_of_output_is_cut() {
    let error = failure_unread("flood");
    assert!(matches!(error, JailError::OutputTooLarge { limit_bytes: 1_048_576 }), "{error}");
}

/// Runs without a reader that could fail by itself.
fn failure_unread(work: &str) -> JailError {
    let command = Command::this_program([work]);
    let ran = supervise(&command, Input::Empty, &ample(), Requirement::BestEffort, |_| ());
    ran.expect_err("the worker ended well")
}

fn output_at_the_limit_is_whole() {
    let limits = Limits { output_bytes: 6, ..ample() };
    let (text, _) = run("first-byte", Input::bytes("x"), &limits).unwrap();
    assert_eq!(text, "got it");
    let command = Command::this_program(["first-byte"]);
    let limits = Limits { output_bytes: 5, ..ample() };
    let read = |output: &mut dyn io::Read| io::read_to_string(output).is_err();
    let ran = supervise(&command, Input::bytes("x"), &limits, Requirement::BestEffort, read);
    assert!(matches!(ran, Err(JailError::OutputTooLarge { limit_bytes: 5 })), "{ran:?}");
}

fn a_panic_is_a_crash() {
    let error = failure("panic", Input::Empty, &ample());
    assert!(matches!(error, JailError::Crashed { code: 101 }), "{error}");
}

fn an_exit_code_is_told() {
    let error = failure("fail", Input::Empty, &ample());
    assert!(matches!(error, JailError::Crashed { code: 3 }), "{error}");
}

fn a_forbidden_call_is_named() {
    let error = failure("forbidden", Input::Empty, &ample());
    assert!(matches!(error, JailError::ForbiddenCall), "{error}");
}

fn without_landlock_a_required_jail_refuses() {
    let command = Command::this_program(["echo", work::WITHOUT_LANDLOCK]);
    let mut asked = false;
    let ran = supervise(&command, Input::bytes("x"), &ample(), Requirement::Required, |_| asked = true);
    let Err(JailError::Refused { why }) = ran else { panic!("{ran:?}") };
    assert!(why.starts_with("Landlock is not in force"), "{why}");
    assert!(!asked, "the output was consumed");
    let (_, report) = supervise(&command, Input::Empty, &ample(), Requirement::BestEffort, |_| ()).unwrap();
    assert!(!report.isolation.is_sufficient());
}

fn a_program_that_does_not_greet_is_no_worker() {
    let command = Command {
        program: PathBuf::from("/bin/echo"),
        arguments: Vec::new(),
        scratch: None,
        at_leisure: false,
    };
    let ran = supervise(&command, Input::Empty, &ample(), Requirement::BestEffort, |_| ());
    assert!(matches!(ran, Err(JailError::NoGreeting)), "{ran:?}");
}

fn a_missing_program_cannot_be_started() {
    let command = Command {
        program: PathBuf::from("/nowhere/worker"),
        arguments: Vec::new(),
        scratch: None,
        at_leisure: false,
    };
    let ran = supervise(&command, Input::Empty, &ample(), Requirement::BestEffort, |_| ());
    let Err(JailError::Start { program, .. }) = ran else { panic!("{ran:?}") };
    assert_eq!(program, "/nowhere/worker");
}
