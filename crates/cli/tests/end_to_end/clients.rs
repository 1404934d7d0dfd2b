//! Real clients against the built server: they push, pull, copy and delete, and every digest stays what it was.
//!
//! Debian's clients are installed by `cargo xtask setup`, the Python libraries by `cargo xtask clients`; without them
//! these tests say what they skipped.

mod containers;
mod libraries;
mod storages;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[expect(clippy::print_stderr, reason = "a test that could not run has to say so")]
fn skip(what: &str) {
    eprintln!("skipped: {what}");
}

/// Whether all of these programs are there.
fn have(programs: &[&str]) -> bool {
    let is_there = |program: &&&str| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    match programs.iter().find(|program| !is_there(program)) {
        Some(missing) => {
            skip(&format!("{missing} is not installed; `cargo xtask setup` does that"));
            false
        }
        None => true,
    }
}

/// The Python that has the clients' libraries.
fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("test-clients");
    if folder.join("python.installed").is_file() {
        return Some(folder.join("python/bin/python"));
    }
    skip("the Python libraries are not installed; `cargo xtask clients` does that");
    None
}

/// What a command printed; it must have succeeded.
fn printed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout.trim().to_owned()
}
