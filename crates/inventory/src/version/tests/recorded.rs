//! Thousands of recorded comparisons of the real tools, and the real tool itself where it is installed.

#![expect(clippy::print_stderr, reason = "a test says how many cases it had, or why it had none")]

use super::tools::TOOLS;
use super::{check, order, scheme};
use std::path::PathBuf;
use std::process::Command;

/// How the names of files of recorded comparisons begin, `NAME-versions…txt`, with the schemes that they are for.
const RECORDED: &[(&str, &[&str])] = &[
    ("alpine", &["apk"]),
    ("arch", &["arch"]),
    ("cargo", &["semver"]),
    ("conan", &["conan"]),
    ("cran", &["cran"]),
    ("debian", &["deb"]),
    ("go", &["go"]),
    ("hackage", &["hackage"]),
    ("hex", &["semver"]),
    ("maven", &["maven"]),
    ("npm", &["npm"]),
    ("nuget", &["nuget"]),
    ("packagist", &["composer"]),
    ("pub", &["pub_dev"]),
    ("pypi", &["pep440"]),
    ("redhat", &["rpm"]),
    ("rubygems", &["gem"]),
    ("semver", &["semver", "npm", "go"]),
    ("ubuntu", &["deb"]),
];

/// Recorded lines that are not the order of the real tool, each with the reason.
const CONTRADICTED: &[(&str, &str, &str)] = &[
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

/// The folder of recorded answers, or another one in `LAZARETTO_VECTORS`; `None`, and a word about it, if it is not
/// there.
fn recorded_answers() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("LAZARETTO_VECTORS") {
        return Some(PathBuf::from(folder));
    }
    let shared = std::env::var("LAZARETTO_SHARED").ok();
    let shared = shared.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let folder = PathBuf::from(shared).join("data/truth/versions");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is missing, it holds the recorded comparisons", folder.display());
    None
}

/// The schemes that a file of comparisons is for.
fn schemes_of(file: &str) -> &'static [&'static str] {
    let kind = file.split_once("-versions").map_or("", |(kind, _)| kind);
    RECORDED.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, schemes)| *schemes)
}

/// What a file of comparisons says that a scheme does not; prints how many it held, and those of which the tool itself, where
/// it is installed, says what we say.
fn failures(name: &str, file: &str, text: &str) -> Vec<String> {
    let (mut cases, mut excused, mut failures) = (0, 0, Vec::new());
    for line in text.lines() {
        let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        let (Some(expected), false) = (order(sign), line.starts_with(['#', '/'])) else {
            continue;
        };
        cases += 1;
        let ours = scheme(name).compare(left, right);
        if CONTRADICTED.iter().any(|(scheme, case, _)| *scheme == name && *case == line) {
            excused += 1;
        } else if ours != Ok(expected) {
            failures.push((left.to_owned(), right.to_owned(), format!("{line}, but {name} says {ours:?}")));
        }
    }
    let tool = TOOLS.iter().find(|(scheme, ..)| *scheme == name);
    let (pairs, lines): (Vec<_>, Vec<_>) =
        failures.into_iter().map(|(left, right, line)| ((left, right), line)).unzip();
    let answers = tool.filter(|_| !pairs.is_empty()).and_then(|(.., ask)| ask(&pairs)).unwrap_or_default();
    let mut failures = Vec::new();
    for (index, ((left, right), line)) in pairs.iter().zip(lines).enumerate() {
        let says = answers.get(index).and_then(|answer| order(answer));
        match (tool, says) {
            (Some((_, tool, _)), Some(says)) if scheme(name).compare(left, right) == Ok(says) => {
                excused += 1;
                eprintln!("{file}: {line}, and so does {tool}");
            }
            (_, _) => failures.push(format!("{file}: {line}")),
        }
    }
    eprintln!(
        "{file}: {cases} comparisons in the order of {name}, {excused} of them contradicted by the real tool"
    );
    failures
}

#[test]
fn recorded_comparisons_hold() {
    let Some(folder) = recorded_answers() else {
        return;
    };
    let mut wrong = Vec::new();
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    files.retain(|name| name.ends_with(".txt"));
    files.sort();
    for file in &files {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let schemes = schemes_of(file);
        assert!(!schemes.is_empty(), "nobody knows whose versions {file} compares; name it in RECORDED");
        wrong.extend(schemes.iter().flat_map(|name| failures(name, file, &text)));
    }
    assert!(!files.is_empty(), "{} has no file of comparisons", folder.display());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
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
