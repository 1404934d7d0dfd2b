//! The tools of languages themselves, asked where they are installed: Python's `packaging` and npm's `semver`.
//!
//! Every pair of some telling versions is compared. Where a tool is missing the test says so and proves nothing.

#![expect(clippy::print_stderr, reason = "a test says how many pairs it had, or why it had none")]

use super::{order, scheme};
use std::process::Command;

const PYTHON: &[&str] = &[
    "1",
    "1.0",
    "1.0.0",
    "1.0.dev1",
    "1.0a1",
    "1.0a1.dev2",
    "1.0b2",
    "1.0b2.post345",
    "1.0b2.post345.dev456",
    "1.0rc1",
    "1.0rc10",
    "1.0.post1",
    "1.0.post1.dev1",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0+5.a",
    "1.1",
    "1.10",
    "1!0.1",
    "0.9",
    "v1.0",
    "1.0-1",
    "1.0-alpha.1",
    "2026.1",
    "1.0c1",
];

/// `packaging` of the interpreter, or the one that comes with pip.
const ASK_PYTHON: &str = "
import sys
try:
    from packaging.version import Version
except ImportError:
    from pip._vendor.packaging.version import Version
words = sys.argv[1:]
for a in words:
    for b in words:
        left, right = Version(a), Version(b)
        print(a, '<' if left < right else '>' if left > right else '=', b)
";

const NPM: &[&str] = &[
    "1.0.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0+build",
    "1.0.1",
    "1.10.0",
    "1.9.0",
    "2.0.0-0",
    "2.0.0-x-y-z.4",
    "2.0.0",
    "0.0.1",
    "10.0.0",
    "v1.0.0",
    "1.0.0-1",
    "1.0.0-01a",
    "1.0.0--",
    "1.0.0-A",
];

/// `semver`, installed or as it comes with npm.
const ASK_NODE: &str = "
const places = ['semver', '/usr/lib/node_modules/npm/node_modules/semver', '/usr/share/nodejs/semver',
    '/usr/local/lib/node_modules/npm/node_modules/semver'];
const semver = places.map(place => { try { return require(place) } catch { return null } }).find(Boolean);
const words = process.argv.slice(1);
for (const a of words) for (const b of words)
    console.log(a, '=><'[(semver.compare(a, b) + 3) % 3], b);
";

/// Compares every pair as the tool does; says so where it cannot be asked.
fn check(name: &str, tool: &str, script: [&str; 2], versions: &[&str]) {
    let answer = Command::new(tool).args(script).args(versions).output();
    let Some(answer) = answer.ok().filter(|answer| answer.status.success()) else {
        eprintln!("skipped: {tool} or its library is not installed, so it was not asked about {name}");
        return;
    };
    let text = String::from_utf8(answer.stdout).unwrap();
    assert_eq!(text.lines().count(), versions.len() * versions.len());
    for line in text.lines() {
        let [left, sign, right] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not an answer: {line}")
        };
        assert_eq!(scheme(name).compare(left, right).ok(), order(sign), "{tool} says {line}");
    }
    eprintln!("{tool} itself agrees with {name} on {} pairs", versions.len() * versions.len());
}

#[test]
fn pythons_packaging_agrees() {
    check("pep440", "python3", ["-c", ASK_PYTHON], PYTHON);
}

#[test]
fn npms_semver_agrees() {
    check("npm", "node", ["-e", ASK_NODE], NPM);
}
