//! The order of Semantic Versioning 2.0.0: `1.2.3-rc.1+build`.
//!
//! Read more gently than the specification: a leading `v` is passed over, missing parts are zero, numbers may have
//! any size and leading zeros, and what follows the third part without a `-` counts as build metadata, which has no say.
//!
//! See <https://semver.org/#spec-item-11>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, unreadable};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme {
    name: "semver",
    ecosystems: &["crates.io", "Hex", "SwiftURL", "Julia", "Bitnami", "GitHub Actions", "VSCode"],
    key,
    comparable: None,
};

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    parse(text, 3).map(|parsed| parsed.key()).ok_or_else(|| not_a_number(&SCHEME, text))
}

/// The error for a version that does not begin with a number.
pub(super) fn not_a_number(scheme: &Scheme, version: &str) -> VersionError {
    unreadable(scheme, version, "it does not begin with a number")
}

/// The parts of a semantic version, not yet judged.
#[derive(Debug)]
pub(super) struct Parsed<'v> {
    /// The digits of the numbers; missing ones are empty.
    numbers: [&'v str; 4],
    /// How many numbers the scheme has.
    width: usize,
    /// What stands after `-`, without it; `None` for a release.
    pub(super) prerelease: Option<&'v str>,
    /// What stands after `+`, without it.
    pub(super) build: Option<&'v str>,
}

/// Reads a version of up to `width` numbers. `None` if it does not begin with a number.
pub(super) fn parse(text: &str, width: usize) -> Option<Parsed<'_>> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    if !text.starts_with(|sign: char| sign.is_ascii_digit()) {
        return None;
    }
    let mut parsed = Parsed { numbers: [""; 4], width, prerelease: None, build };
    let mut rest = text;
    for number in parsed.numbers.iter_mut().take(width) {
        let (digits, _) = split_digits(rest.as_bytes());
        let (digits, after) = rest.split_at_checked(digits.len())?;
        *number = digits;
        match after.strip_prefix('.') {
            Some(after) => rest = after,
            None => {
                rest = after;
                break;
            }
        }
    }
    // `1.0rc1` and `1.0.x-1` are seen in the wild: a word right after a number is a pre-release too.
    parsed.prerelease = match rest.strip_prefix('-') {
        Some(prerelease) => Some(prerelease),
        None if rest.starts_with(|sign: char| sign.is_ascii_alphabetic()) => Some(rest),
        None => rest.split_once('-').map(|(_, prerelease)| prerelease),
    };
    Some(parsed)
}

impl Parsed<'_> {
    /// The key by numbers and pre-release.
    pub(super) fn key(&self) -> VersionKey {
        let mut key = KeyWriter::new();
        self.write(&mut key);
        key.finish()
    }

    /// Writes the numbers.
    pub(super) fn write_numbers(&self, key: &mut KeyWriter) {
        for number in self.numbers.iter().take(self.width) {
            key.number(number.as_bytes());
        }
    }

    /// Writes numbers and pre-release.
    pub(super) fn write(&self, key: &mut KeyWriter) {
        self.write_numbers(key);
        match self.prerelease {
            Some(prerelease) => {
                key.byte(1);
                write_identifiers(key, prerelease);
            }
            None => key.byte(2),
        }
    }
}

/// Writes dot-separated identifiers: a row that is the beginning of another comes first, numbers before words.
pub(super) fn write_identifiers(key: &mut KeyWriter, identifiers: &str) {
    for identifier in identifiers.split('.') {
        if identifier.bytes().all(|byte| byte.is_ascii_digit()) {
            key.byte(2);
            key.number(identifier.as_bytes());
        } else {
            key.byte(3);
            key.text(identifier.as_bytes());
        }
    }
    key.byte(1);
}
