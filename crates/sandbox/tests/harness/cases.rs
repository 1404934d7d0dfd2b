//! A test harness of its own: the test binary is also the worker, so `main` has to come first.
//!
//! It speaks enough of the command line of the standard harness for `cargo test` and `cargo nextest`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// One named test. It fails by panicking.
pub(crate) struct Case<'a> {
    pub(crate) name: &'a str,
    pub(crate) run: Box<dyn Fn() + 'a>,
}

/// Lists or runs the cases that the command line asks for.
#[expect(clippy::print_stdout, reason = "the protocol of a test harness is its standard output")]
pub(crate) fn run(cases: &[Case<'_>]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has("--list") {
        // No case of ours is ignored by default.
        for case in cases.iter().filter(|_| !has("--ignored")) {
            println!("{}: test", case.name);
        }
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_asked_for = |case: &Case<'_>| {
        let matches = |filter: &&String| {
            if has("--exact") { case.name == **filter } else { case.name.contains(filter.as_str()) }
        };
        filters.is_empty() || filters.iter().any(matches)
    };
    let (mut passed, mut failed) = (0, 0);
    for case in cases.iter().filter(|case| is_asked_for(case)) {
        let ended = catch_unwind(AssertUnwindSafe(|| (case.run)()));
        println!("test {} ... {}", case.name, if ended.is_ok() { "ok" } else { "FAILED" });
        if ended.is_ok() { passed += 1 } else { failed += 1 }
    }
    println!("\ntest result: {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
