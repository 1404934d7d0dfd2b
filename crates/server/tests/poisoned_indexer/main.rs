//! A worker made malicious on purpose: what it can do to the server that reads its answer, and to the machine.
//!
//! This binary is its own worker. It locks itself in like the real one, and then behaves as if the layer that it was
//! given had taken it over. The ways out of each single layer of the jail are tried in `crates/sandbox/tests/escape`;
//! here everything is as in the server, with [`Inspector`] outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint knows tests by an attribute not used here"
)]

#[path = "../../../sandbox/tests/harness/cases.rs"]
mod cases;
mod inside;

use cases::Case;
use indexer::LayerOutcome;
use sandbox::{Input, JailError, Requirement};
use server::inspect::{InspectError, Inspected, Inspector};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

const CASES: &[(&str, fn())] = &[
    ("what_it_hides_is_its_own_layer", hidden),
    ("an_answer_that_is_nonsense_makes_the_layer_unreadable", nonsense),
    ("an_answer_that_breaks_its_bounds_is_refused", unbounded),
    ("it_reads_no_file", || held("open")),
    ("it_writes_no_file", || held("create")),
    ("it_reads_no_environment_of_the_server", || held("environment")),
    ("it_reaches_no_network", network),
    ("it_starts_no_program", || held("execute")),
    ("it_starts_no_thread", || held("thread")),
    ("it_cannot_signal_the_server", || held("signal")),
    ("it_does_not_outlive_its_time", time),
    ("it_does_not_outlive_its_memory", memory),
    ("it_does_not_outlive_its_answer", outlive),
    ("it_cannot_fill_the_server", output),
    ("it_cannot_fill_the_disk", scratch),
];

fn main() -> ExitCode {
    if let Some(arguments) = sandbox::worker_arguments() {
        let word = |place: usize| arguments.get(place).and_then(|word| word.to_str()).unwrap_or_default();
        // The place of the media type tells what to do.
        return inside::behave(word(1));
    }
    let cases: Vec<Case<'_>> = CASES.iter().map(|(name, run)| Case { name, run: Box::new(run) }).collect();
    cases::run(&cases)
}

/// The server's side, with less patience but for the clock: on a machine with much else to do, it is not what ends a worker.
fn inspect(behaviour: &str) -> Result<Inspected, InspectError> {
    inspect_within(Duration::from_secs(600), behaviour)
}

fn inspect_within(wall: Duration, behaviour: &str) -> Result<Inspected, InspectError> {
    let mut inspector = Inspector::new(Requirement::Required);
    inspector.layer_limits.wall = wall;
    inspector.layer_limits.cpu_seconds = 2;
    inspector.layer_limits.memory_bytes = 256 << 20;
    inspector.layer_limits.output_bytes = 8 << 20;
    inspector.layer_limits.scratch_bytes = 8 << 20;
    let folder = tempfile::tempdir().unwrap();
    inspector.scratch = Some(folder.path().to_owned());
    let mut layer = tempfile::tempfile().unwrap();
    layer.write_all(b"the layer that took the worker over").unwrap();
    let inspect = |inspector: &Inspector| {
        let layer = layer.try_clone().unwrap();
        let inspected = inspector.layer(Input::File(layer), behaviour, None, false);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "its scratch outlived it");
        inspected
    };
    let cold = inspect(&inspector);
    // A worker that waited for its layer can do no more.
    let inspector = inspector.with_antechamber(1);
    let antechamber = inspector.antechamber.clone().unwrap();
    antechamber.fill().unwrap();
    let waited = inspect(&inspector);
    assert!(!antechamber.is_full(), "the worker that waited did not read the layer");
    assert_eq!(format!("{:?}", cold.err()), format!("{:?}", waited.as_ref().err()));
    waited
}

/// A compromised worker can lie about its own layer, as the threat model says; that is all it can do.
fn hidden() {
    let inspected = inspect("hide").unwrap();
    assert!(inspected.report.isolation.is_sufficient());
    let LayerOutcome::Indexed(inventory) = inspected.outcome else { panic!("{:?}", inspected.outcome) };
    assert!(inventory.databases.is_empty());
}

#[track_caller]
fn refused(behaviour: &str) {
    let error = inspect(behaviour).unwrap_err();
    // Tried again it would end the same way: the image is not assessable, and no job hangs on it.
    assert!(error.is_the_inputs_fault(), "{behaviour}: {error}");
    assert!(matches!(error, InspectError::Answer(_)), "{behaviour}: {error}");
}

fn nonsense() {
    for behaviour in ["say-nothing", "say-half", "say-html"] {
        refused(behaviour);
    }
}

fn unbounded() {
    for behaviour in ["climbing-path", "terminal-codes", "long-name", "many-fields"] {
        refused(behaviour);
    }
}

/// The worker says itself how its attempt ended, or the kernel has ended it.
#[track_caller]
fn held(way: &str) {
    match inspect(way) {
        Ok(Inspected { outcome: LayerOutcome::Unreadable { why, .. }, .. }) => {
            assert!(why.starts_with("held: "), "{way}: {why}");
        }
        Ok(Inspected { outcome, .. }) => panic!("{way}: {outcome:?}"),
        Err(InspectError::Jail(JailError::ForbiddenCall | JailError::Crashed { .. })) => {}
        Err(error) => panic!("{way}: {error}"),
    }
}

fn network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    held(&format!("connect:{}", listener.local_addr().unwrap()));
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

fn time() {
    let error = inspect("burn").unwrap_err();
    assert!(matches!(error, InspectError::Jail(JailError::CpuExhausted { .. })), "{error}");
    let error = inspect_within(Duration::from_secs(1), "sleep").unwrap_err();
    assert!(
        matches!(error, InspectError::Jail(JailError::TimedOut { .. } | JailError::ForbiddenCall)),
        "{error}"
    );
}

fn memory() {
    let error = inspect("allocate").unwrap_err();
    assert!(error.is_the_inputs_fault(), "{error}");
}

/// It answers, and then stays. The server waits for its end, which its limits bring about.
fn outlive() {
    let error = inspect("stay").unwrap_err();
    assert!(matches!(error, InspectError::Jail(JailError::CpuExhausted { .. })), "{error}");
}

fn output() {
    let error = inspect("flood").unwrap_err();
    assert!(matches!(error, InspectError::Jail(JailError::OutputTooLarge { .. })), "{error}");
}

fn scratch() {
    let error = inspect("fill-scratch").unwrap_err();
    assert!(matches!(error, InspectError::Jail(JailError::Crashed { .. })), "{error}");
}
