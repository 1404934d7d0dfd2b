//! `lazaretto demo`: what a newcomer sees first, and that nothing of it stays behind.

use crate::support::process::Process;
use crate::support::server::binary;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn demo(temporary: &Path) -> Command {
    let mut command = Command::new(binary());
    command.arg("demo").env("TMPDIR", temporary);
    command
}

fn left_in(temporary: &Path) -> usize {
    std::fs::read_dir(temporary).unwrap().count()
}

#[test]
fn it_shows_both_verdicts_and_leaves() {
    let temporary = tempfile::tempdir().unwrap();
    let output = demo(temporary.path()).arg("--exit").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for part in ["\n  Unhealthy", "fix: apk add --upgrade 'musl>=1.1.22-r4'", "\n  Healthy\n"] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
    assert_eq!(left_in(temporary.path()), 0);
}

#[test]
fn it_ends_when_it_is_asked_to_and_leaves_nothing_behind() {
    // While it still works, and while it stays up.
    for moment in ["A registry runs at", "Ctrl-C ends it"] {
        for signal in ["-TERM", "-INT"] {
            let temporary = tempfile::tempdir().unwrap();
            let mut running = Process(demo(temporary.path()).stdout(Stdio::piped()).spawn().unwrap());
            let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap().starts_with(moment)), "it never said `{moment}`");
            assert!(left_in(temporary.path()) > 0, "it keeps its data elsewhere");
            let pid = running.0.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
            // It may go on to speak.
            lines.for_each(drop);
            assert!(running.0.wait().unwrap().success(), "{signal} after `{moment}`");
            assert_eq!(left_in(temporary.path()), 0, "{signal} after `{moment}`");
        }
    }
}
