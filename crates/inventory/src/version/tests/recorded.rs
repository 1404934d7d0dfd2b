//! Thousands of recorded comparisons of the real tools, and the real tool itself where it is installed.

#![expect(clippy::print_stderr, reason = "a test says how many cases it had, or why it had none")]

use super::{check, order, scheme};
use std::path::PathBuf;
use std::process::Command;

/// Files of recorded comparisons, with the scheme they are for.
const RECORDED: &[(&str, &str)] = &[
    ("alpine-versions.txt", "apk"),
    ("alpine-versions-generated.txt", "apk"),
    ("cran-versions.txt", "cran"),
    ("cran-versions-generated.txt", "cran"),
    ("debian-versions.txt", "deb"),
    ("debian-versions-generated.txt", "deb"),
    ("hackage-versions.txt", "hackage"),
    ("nuget-versions.txt", "nuget"),
    ("pub-versions.txt", "pub_dev"),
    ("redhat-versions.txt", "rpm"),
    ("semver-versions.txt", "semver"),
    ("semver-versions.txt", "npm"),
    ("semver-versions.txt", "go"),
];

/// Recorded lines that are not the order of the real tool, each with the reason.
const CONTRADICTED: &[(&str, &str, &str)] = &[
    ("apk", "0.r1 < 0r2", "not a version; apk 2.10.4 and 2.14.4 both say `>`"),
    ("apk", "0.8.21.r2 < 0.8.21r2", "not a version; apk 2.10.4 and 2.14.4 both say `>`"),
];

/// The folder of recorded answers; `None`, and a word about it, if it is not there.
fn recorded_answers() -> Option<PathBuf> {
    let shared = std::env::var("LAZARETTO_SHARED").ok();
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let folder = PathBuf::from(shared).join("data/truth/versions");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is missing, it holds the recorded comparisons", folder.display());
    None
}

#[test]
fn recorded_comparisons_hold() {
    let Some(folder) = recorded_answers() else {
        return;
    };
    let mut failures = Vec::new();
    for (file, name) in RECORDED {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let (mut cases, mut excused) = (0, 0);
        for line in text.lines() {
            let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
                continue;
            };
            let (Some(expected), false) = (order(sign), line.starts_with(['#', '/'])) else {
                continue;
            };
            cases += 1;
            if CONTRADICTED.iter().any(|(scheme, case, _)| scheme == name && *case == line) {
                excused += 1;
            } else if scheme(name).compare(left, right) != Ok(expected) {
                failures
                    .push(format!("{file}: {line}, but {name} says {:?}", scheme(name).compare(left, right)));
            }
        }
        eprintln!(
            "{file}: {cases} comparisons in the order of {name}, {excused} of them contradicted by the real tool"
        );
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn contradicted_lines_are_still_contradicted() {
    for (name, line, reason) in CONTRADICTED {
        let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not a case: {line}");
        };
        assert_ne!(scheme(name).compare(left, right).ok(), order(sign), "{line} holds, though {reason}");
    }
}

/// Versions made of every pair of these are compared with dpkg itself.
const DPKG: &[&str] = &[
    "1",
    "1.0",
    "1.0-0",
    "1.0-1",
    "1.0~",
    "1.0~~",
    "1.0~rc1",
    "1.0~rc1-1",
    "1.0a",
    "1.0+b",
    "1.0.a",
    "1:0",
    "0:1.0",
    "1.0-1~deb12u1",
    "1.0-1+deb12u1",
    "1.00",
    "01.0",
    "1.0.",
    "1.a0",
    "1.0-1.1",
    "2:1.0",
    "1.0-1ubuntu1",
    "1a",
    "1A",
];

#[test]
fn dpkg_itself_agrees() {
    let is_installed =
        Command::new("dpkg").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_installed {
        eprintln!("skipped: dpkg is not installed, so it was not asked");
        return;
    }
    for (index, left) in DPKG.iter().enumerate() {
        for right in DPKG.iter().skip(index) {
            let says = |word: &str| {
                Command::new("dpkg")
                    .args(["--compare-versions", left, word, right])
                    .status()
                    .unwrap()
                    .success()
            };
            let sign = if says("lt") {
                "<"
            } else if says("gt") {
                ">"
            } else {
                "="
            };
            check("deb", &format!("{left} {sign} {right}"));
        }
    }
}
