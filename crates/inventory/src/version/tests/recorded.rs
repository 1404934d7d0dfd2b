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
    ("maven-versions.txt", "maven"),
    ("maven-versions-generated.txt", "maven"),
    ("nuget-versions.txt", "nuget"),
    ("packagist-versions.txt", "composer"),
    ("packagist-versions-generated.txt", "composer"),
    ("pub-versions.txt", "pub_dev"),
    ("pypi-versions.txt", "pep440"),
    ("pypi-versions-generated.txt", "pep440"),
    ("redhat-versions.txt", "rpm"),
    ("rubygems-versions.txt", "gem"),
    ("rubygems-versions-generated.txt", "gem"),
    ("semver-versions.txt", "semver"),
    ("semver-versions.txt", "npm"),
    ("semver-versions.txt", "go"),
];

/// Recorded lines that are not the order of the real tool, each with the reason.
const CONTRADICTED: &[(&str, &str, &str)] = &[
    ("apk", "0.r1 < 0r2", "not a version; apk 2.10.4 and 2.14.4 both say `>`"),
    ("apk", "0.8.21.r2 < 0.8.21r2", "not a version; apk 2.10.4 and 2.14.4 both say `>`"),
    (
        "composer",
        "1.2.3.# = 1.2.3.1",
        "no order holds this, for `1.2.3.#` equals `1.2.3`, which comes before `1.2.3.1`",
    ),
    ("maven", "1.0.0-RC16 < 1.0.0.RC8-beta", MAVEN),
    ("maven", "1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3", MAVEN),
    ("maven", "2.9.0-1 < 2.9.0.RC1", MAVEN),
    ("maven", "6.1.12.rc5 < 6.1.12rc1", MAVEN),
    ("maven", "1.1.31.sec10 < 1.1.31_noneautotype", MAVEN),
    ("maven", "1.1.46.sec10 < 1.1.46_noneautotype", MAVEN),
    ("maven", "1.2.8.sec10_noneautotype < 1.2.8_noneautotype", MAVEN),
    ("maven", "1.2.31.sec10 < 1.2.31_noneautotype", MAVEN),
    ("maven", "1.2.48.sec10 < 1.2.48_noneautotype", MAVEN),
    ("maven", "1.2.50.sec10 < 1.2.50_noneautotype", MAVEN),
    ("maven", "1.2.54.sec10 < 1.2.54_noneautotype", MAVEN),
    ("maven", "1.2.57.sec10 < 1.2.57_noneautotype", MAVEN),
    ("maven", "1.2.60.sec10 < 1.2.60_noneautotype", MAVEN),
    ("maven", "1.0.0rc0 < 1.0.beta8", MAVEN),
    ("maven", "1.1.0-01-glassfish < 1.1.0.Beta1", MAVEN),
    (
        "maven",
        "3.5.0-CR-2 < 3.5.0.Beta-1",
        "the specification puts beta before cr, whatever sign stands before it",
    ),
];

/// Why lines with a qualifier after a dot do not hold: they were recorded with an older Maven.
const MAVEN: &str =
    "Maven 3.8.7 says `>`, because it takes a qualifier after a dot as if a hyphen stood there";

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
