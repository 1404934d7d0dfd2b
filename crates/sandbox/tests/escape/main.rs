//! Each way out of the jail, tried from inside: alone against each layer that must hold it, and against all of them.
//!
//! Every attempt is made without any layer first, and must succeed there: a test of a lock needs a door that opens.
//! An attempt has failed to escape if its call gives an error, or if the kernel ends the worker for it.

#![expect(unsafe_code, reason = "some ways out are system calls without a safe form")]
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking; the lint knows tests by an attribute not used here"
)]

#[path = "../harness/cases.rs"]
mod cases;
mod connect;
mod execute;
mod fork;
mod map_memory;
mod open_file;
mod trace;
mod write_file;

use cases::Case;
use sandbox::{Antechamber, Command, Input, JailError, Layers, Limits, Requirement};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// One way out.
struct WayOut {
    name: &'static str,
    /// Tries it, inside. The text is what the outside prepared.
    attempt: fn(&str) -> io::Result<()>,
    /// Prepares the outside, and returns what the attempt needs to know. What it holds lives until the attempt is over.
    prepare: fn() -> (String, Box<dyn std::any::Any>),
    /// The layers each of which must hold it alone.
    held_by: &'static [Layer],
}

/// All of them.
const WAYS_OUT: &[WayOut] = &[
    open_file::WAY_OUT,
    write_file::WAY_OUT,
    connect::WAY_OUT,
    execute::WAY_OUT,
    fork::WAY_OUT,
    trace::WAY_OUT,
    map_memory::WAY_OUT,
];

/// One layer alone, or all, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    None,
    Namespaces,
    Landlock,
    Seccomp,
    Limits,
    All,
    /// All, of a worker that waited for its work.
    AllWaited,
}

impl Layer {
    const EACH: [Self; 7] = [
        Self::None,
        Self::Namespaces,
        Self::Landlock,
        Self::Seccomp,
        Self::Limits,
        Self::All,
        Self::AllWaited,
    ];

    fn word(self) -> String {
        format!("{self:?}")
    }

    fn layers(self) -> Layers {
        match self {
            Self::None => Layers::NONE,
            Self::Namespaces => Layers { namespaces: true, ..Layers::NONE },
            Self::Landlock => Layers { landlock: true, ..Layers::NONE },
            Self::Seccomp => Layers { seccomp: true, ..Layers::NONE },
            Self::Limits => Layers { limits: true, ..Layers::NONE },
            Self::All | Self::AllWaited => Layers::ALL,
        }
    }
}

fn nothing() -> (String, Box<dyn std::any::Any>) {
    (String::new(), Box::new(()))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let layer = Layer::EACH.into_iter().find(|layer| words.iter().any(|word| *word == layer.word()));
    if let Some(arguments) = sandbox::worker_arguments_within(layer.unwrap_or(Layer::All).layers()) {
        let word = |place: usize| arguments.get(place).and_then(|word| word.to_str()).unwrap_or_default();
        return inside(word(1), word(2));
    }
    let cases: Vec<Case<'_>> =
        WAYS_OUT.iter().map(|way| Case { name: way.name, run: Box::new(|| try_everywhere(way)) }).collect();
    cases::run(&cases)
}

/// What the worker does.
fn inside(name: &str, prepared: &str) -> ExitCode {
    let Some(way) = WAYS_OUT.iter().find(|way| way.name == name) else { return ExitCode::from(9) };
    let said = match (way.attempt)(prepared) {
        Ok(()) => "escaped".to_owned(),
        Err(error) => format!("held: {error}"),
    };
    match io::stdout().write_all(said.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[expect(clippy::print_stderr, reason = "says what this machine cannot show")]
fn try_everywhere(way: &WayOut) {
    assert_eq!(outcome(way, Layer::None), Some("escaped".to_owned()), "the attempt itself does not work");
    for layer in way.held_by {
        match outcome(way, *layer) {
            None => eprintln!("skipped: this kernel does not give {layer:?} alone"),
            Some(said) => assert_ne!(said, "escaped", "{layer:?} alone does not hold it"),
        }
    }
    for layer in [Layer::All, Layer::AllWaited] {
        let said = outcome(way, layer).expect("the whole jail is there in part at least");
        assert_ne!(said, "escaped", "the whole jail does not hold it: {layer:?}");
    }
}

/// What came of an attempt; `None` if the one layer that was to be tried could not be had.
fn outcome(way: &WayOut, layer: Layer) -> Option<String> {
    let (prepared, _held) = (way.prepare)();
    let command = Command::this_program([layer.word(), way.name.to_owned(), prepared]);
    let limits = Limits {
        memory_bytes: 256 << 20,
        cpu_seconds: 10,
        wall: Duration::from_secs(300),
        output_bytes: 4096,
        scratch_bytes: 0,
    };
    let read = |output: &mut dyn io::Read| io::read_to_string(output).unwrap();
    let antechamber = Antechamber::new(command.program.clone(), usize::from(layer == Layer::AllWaited));
    antechamber.fill().unwrap();
    let ran =
        sandbox::run(Some(&antechamber), &command, Input::Empty, &limits, Requirement::BestEffort, read);
    assert!(layer != Layer::AllWaited || !antechamber.is_full(), "the worker that waited did not work");
    match ran {
        Ok((said, report)) => {
            let isolation = report.isolation;
            let is_there = match layer {
                Layer::Namespaces => isolation.namespaces() == 6 && isolation.empty_root,
                Layer::Landlock => isolation.landlock_abi.is_some(),
                Layer::Seccomp => isolation.seccomp,
                Layer::Limits => isolation.resource_limits,
                Layer::None | Layer::All | Layer::AllWaited => true,
            };
            is_there.then_some(said)
        }
        Err(JailError::ForbiddenCall) => Some("held: the kernel ended the worker".to_owned()),
        Err(error) => panic!("{}: {error}", way.name),
    }
}
