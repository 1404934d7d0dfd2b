//! Random versions, compared by us and by the tool whose order it is.
//!
//! The versions are made from the words that the tool treats differently, with a fixed seed, so that every run asks the
//! same questions. Where a tool is not installed the test says so and proves nothing. Pairs that only one of the two
//! can read are counted and not compared.

#![expect(clippy::print_stderr, reason = "a test says how many pairs it had, or why it had none")]

use super::tools::TOOLS;
use super::{order, scheme};

/// Pairs that are asked of each tool.
const PAIRS: usize = 3000;

/// Numbers that look random and are the same on every run: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// Some words after one another.
    fn words(&mut self, words: &[&str], most: usize) -> String {
        (0..self.below(most) + 1).map(|_| self.pick(words)).collect()
    }
}

/// Other questions are asked with another number in `LAZARETTO_SEED`, and more of them with one in `LAZARETTO_PAIRS`.
fn chosen(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Pairs of published versions: those that stand in `NAME.txt` of the folder `LAZARETTO_VERSIONS`, a line for each.
/// They are neighbours in the alphabet as often as strangers, since most pairs are decided by their first number.
fn published(name: &str, random: &mut Random) -> Vec<(String, String)> {
    let Some(folder) = std::env::var_os("LAZARETTO_VERSIONS") else { return Vec::new() };
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join(format!("{name}.txt")));
    let mut versions: Vec<String> = text.unwrap_or_default().lines().map(str::to_owned).collect();
    versions.retain(|version| !version.contains(char::is_whitespace) && !version.is_empty());
    versions.sort();
    if versions.len() < 2 {
        return Vec::new();
    }
    let many = chosen("LAZARETTO_PAIRS").and_then(|many| many.try_into().ok()).unwrap_or(PAIRS);
    (0..many)
        .map(|number| {
            let left = random.below(versions.len());
            let right = match number % 2 {
                0 => random.below(versions.len()),
                _ => (left + 1 + random.below(20)) % versions.len(),
            };
            (versions[left].clone(), versions[right].clone())
        })
        .collect()
}

/// Random pairs, and published ones; half of the former differ in one place, since others are decided by their first
/// number.
fn pairs(
    name: &str,
    mut version: impl FnMut(&mut Random) -> String,
    alphabet: &[&str],
) -> Vec<(String, String)> {
    let mut random = Random(0x5eed_0000_0000_0001 ^ (chosen("LAZARETTO_SEED").unwrap_or_default() << 8));
    let many = chosen("LAZARETTO_PAIRS").and_then(|many| many.try_into().ok()).unwrap_or(PAIRS);
    let published = published(name, &mut random);
    (0..many)
        .map(|number| {
            let left = version(&mut random);
            let right = if number % 2 == 0 {
                version(&mut random)
            } else {
                let at = random.below(left.len() + 1);
                let (head, tail) = left.split_at(at);
                match random.below(3) {
                    0 => format!("{head}{}{tail}", random.pick(alphabet)),
                    1 if !tail.is_empty() => format!("{head}{}", &tail[1..]),
                    _ => format!("{head}{}{}", random.pick(alphabet), tail.get(1..).unwrap_or_default()),
                }
            };
            (left, right)
        })
        .chain(published)
        .collect()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check(name: &str, pairs: Vec<(String, String)>) {
    let (_, tool, ask) = TOOLS.iter().find(|(scheme, ..)| *scheme == name).unwrap();
    let pairs: Vec<_> = pairs
        .into_iter()
        .filter(|(left, right)| {
            !left.is_empty() && !right.is_empty() && !left.starts_with('-') && !right.starts_with('-')
        })
        .collect();
    let Some(answers) = ask(&pairs) else {
        eprintln!("skipped: {tool} is not installed, so it was not asked about {name}");
        return;
    };
    let (mut compared, mut one_sided) = (0, 0);
    let mut differences = Vec::new();
    for ((left, right), answer) in pairs.iter().zip(&answers) {
        let ours = scheme(name).compare(left, right).ok();
        match (ours, order(answer)) {
            (Some(ours), Some(theirs)) if ours == theirs => compared += 1,
            (Some(ours), Some(_)) => differences.push(format!("{left} {answer} {right}, and not {ours:?}")),
            (None, Some(_)) | (Some(_), None) => one_sided += 1,
            (None, None) => {}
        }
    }
    eprintln!(
        "{tool} agrees with {name} on {compared} random pairs; {one_sided} only one of the two can read"
    );
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > pairs.len() / 3, "the tool was asked of too little: {compared}");
}

#[test]
fn dpkg_agrees_on_random_versions() {
    let parts = ["0", "1", "2", "9", "10", "09", ".", "+", "~", "a", "b", "rc", "deb", "-", "-1", "ubuntu"];
    let version = |random: &mut Random| {
        let epoch = if random.below(8) == 0 { "1:" } else { "" };
        format!("{epoch}{}{}", random.pick(&["0", "1", "2", "10"]), random.words(&parts, 6))
    };
    check("deb", pairs("deb", version, &parts));
}

#[test]
fn rpm_agrees_on_random_versions() {
    let parts = ["0", "1", "2", "9", "10", "09", ".", "_", "+", "~", "^", "a", "b", "rc", "el9", "Z", ".."];
    let version = |random: &mut Random| {
        let epoch = if random.below(8) == 0 { random.pick(&["0:", "1:", "01:"]) } else { "" };
        let release = if random.below(2) == 0 { random.pick(&["-1", "-1.el9", "-2.el9_1", "-"]) } else { "" };
        let first = random.pick(&["0", "1", "2", "10"]);
        format!("{epoch}{first}{}{release}", random.words(&parts, 6))
    };
    check("rpm", pairs("rpm", version, &parts));
}

#[test]
fn rubygems_agrees_on_random_versions() {
    let parts = [".0", ".1", ".2", ".9", ".10", "0", "a", "b", "rc", ".pre", ".beta", ".rc1", ".0"];
    let version =
        |random: &mut Random| format!("{}{}", random.pick(&["0", "1", "2", "10"]), random.words(&parts, 5));
    check("gem", pairs("gem", version, &parts));
}

#[test]
fn pythons_packaging_agrees_on_random_versions() {
    let ends = [
        "",
        "",
        "a1",
        "b2",
        "rc1",
        ".post1",
        ".dev1",
        "a1.dev2",
        ".post1.dev2",
        "+abc",
        "+1.a",
        "-1",
        "alpha",
    ];
    let parts = ["0", "1", "10", ".", ".0", "a", "rc", "dev", "+", "!"];
    let version = |random: &mut Random| {
        let epoch = if random.below(10) == 0 { "1!" } else { "" };
        let release: Vec<&str> =
            (0..random.below(4) + 1).map(|_| random.pick(&["0", "1", "2", "10"])).collect();
        format!("{epoch}{}{}", release.join("."), random.pick(&ends))
    };
    check("pep440", pairs("pep440", version, &parts));
}

#[test]
fn npms_semver_agrees_on_random_versions() {
    let ends = [
        "",
        "",
        "-0",
        "-1",
        "-alpha",
        "-alpha.1",
        "-alpha.beta",
        "-beta.11",
        "-rc.1",
        "+build",
        "-x-y.7",
        "--",
        "-1a",
    ];
    let parts = ["0", "1", "9", "10", ".", "-", "a", "+", "Z"];
    let version = |random: &mut Random| {
        let release: Vec<&str> = (0..3).map(|_| random.pick(&["0", "1", "2", "9", "10"])).collect();
        format!("{}{}", release.join("."), random.pick(&ends))
    };
    check("npm", pairs("npm", version, &parts));
}

#[test]
fn composers_semver_agrees_on_random_versions() {
    let ends = ["", "", "-alpha", "-alpha1", "-beta2", "-beta10", "-RC1", "-RC2", "-p1", "-p2", "-dev"];
    let parts = ["0", "1", "10", "9"];
    let version = |random: &mut Random| {
        let release: Vec<&str> = (0..3).map(|_| random.pick(&["0", "1", "2", "10"])).collect();
        format!("{}{}", release.join("."), random.pick(&ends))
    };
    // Composer pads to four numbers and knows no word in the middle. PHP, whose order OSV's advisories and our vectors
    // follow, does neither; so versions of one shape are asked.
    let one_shape = |text: &str| {
        let (numbers, rest) = text.split_once('-').unwrap_or((text, "dev"));
        let of_three = numbers.split('.').filter(|number| is_number(number)).count() == 3;
        let words = ["alpha", "beta", "RC", "p", "dev"];
        let known =
            |word: &&str| rest.strip_prefix(word).is_some_and(|rest| rest.is_empty() || is_number(rest));
        of_three && numbers.split('.').count() == 3 && words.iter().any(known)
    };
    let mut asked = pairs("composer", version, &parts);
    asked.retain(|(left, right)| one_shape(left) && one_shape(right));
    check("composer", asked);
}

#[test]
fn mavens_comparable_version_agrees_on_random_versions() {
    let ends = [
        "",
        "",
        "-alpha",
        "-alpha-1",
        "-beta2",
        "-rc1",
        "-cr",
        "-SNAPSHOT",
        "-sp",
        "-x",
        "-1",
        "-2",
        ".Final",
        ".GA",
        "-jre",
        ".RELEASE",
        ".redhat-00001",
        ".Final-redhat-1",
        "-M1",
        "-b07",
        ".v20180101",
        "-incubating",
        "a1",
    ];
    let parts = ["0", "1", "9", "10", ".0", ".1"];
    let version = |random: &mut Random| {
        let release: Vec<&str> =
            (0..random.below(4) + 1).map(|_| random.pick(&["0", "1", "2", "10"])).collect();
        format!("{}{}", release.join("."), random.pick(&ends))
    };
    // Empty parts, and words and zeros that mean nothing before others, are read differently from one version of Maven to the
    // next; nobody publishes such versions.
    let usual = |text: &str| {
        let starts = text.starts_with(|sign: char| sign.is_ascii_digit());
        starts
            && !["--", "..", ".-", "-.", "-0", "v."].iter().any(|odd| text.contains(odd))
            && !text.as_bytes().windows(2).any(|pair| pair[0].is_ascii_alphabetic() && pair[1] == b'0')
            && !text.ends_with(['.', '-'])
            && ["inal", "GA"].iter().all(|last| !text.contains(last) || text.ends_with(last))
    };
    let pairs: Vec<_> = pairs("maven", version, &parts)
        .into_iter()
        .filter(|(left, right)| usual(left) && usual(right))
        .collect();
    check("maven", pairs);
}

/// Conan has no order where a number meets a word in one place, be it an empty one, see `version/conan.rs`; versions
/// without such places are asked.
#[test]
fn conan_agrees_on_random_versions() {
    let ends = ["", "", "-pre.1", "-pre.2", "-alpha", "-alpha.10", "+1", "+2", "+b1", "-rc1+3"];
    let parts = ["0", "1", "10", ".0", ".1"];
    let version = |random: &mut Random| {
        let release: Vec<&str> =
            (0..random.below(5) + 1).map(|_| random.pick(&["0", "1", "2", "9", "10"])).collect();
        format!("{}{}", release.join("."), random.pick(&ends))
    };
    let is_usual = |text: &str| {
        let places = text.split(['.', '-', '+']);
        places
            .clone()
            .all(|place| is_number(place) || place.starts_with(|sign: char| sign.is_ascii_lowercase()))
            && text.split(['-', '+']).next().unwrap_or_default().split('.').all(is_number)
    };
    let mut asked = pairs("conan", version, &parts);
    asked.retain(|(left, right)| is_usual(left) && is_usual(right));
    check("conan", asked);
}
