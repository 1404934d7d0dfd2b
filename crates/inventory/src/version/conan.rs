//! The order of Conan: parts between dots, `1.1.1k`, `cci.20210801`, with a pre-release after `-` and a build after `+`.
//!
//! A part that is a number compares as one, any other as text; zeros at the end do not count; a pre-release comes
//! before the bare version and a build after it.
//!
//! Conan compares a number with a word as text, so that `9` comes after `10a` and `10` before it, which is no order
//! at all. Here a word compares by its leading number first, and a word without one comes after every number, which
//! is what Conan says of every pair of which its own answers hold together.
//!
//! See <https://docs.conan.io/2/tutorial/versioning/version_ranges.html>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "conan", ecosystems: &["ConanCenter"], key, comparable: None };

const END: u8 = 1;
const NUMBER: u8 = 2;
const WORD: u8 = 3;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    let (text, build) = match text.rsplit_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (numbers, prerelease) = match text.split_once('-') {
        Some((numbers, prerelease)) => (numbers, Some(prerelease)),
        None => (text, None),
    };
    let mut key = KeyWriter::new();
    parts(&mut key, numbers);
    match prerelease {
        Some(prerelease) => {
            key.byte(1);
            parts(&mut key, prerelease);
        }
        None => key.byte(2),
    }
    match build {
        None => key.byte(1),
        Some(build) => {
            key.byte(2);
            parts(&mut key, build);
        }
    }
    Ok(key.finish())
}

fn parts(key: &mut KeyWriter, text: &str) {
    let is_zero = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte == b'0');
    let all: Vec<&str> = text.split('.').collect();
    let counted = all.len() - all.iter().rev().take_while(|part| is_zero(part)).count();
    for part in all.iter().take(counted) {
        let (digits, word) = split_digits(part.as_bytes());
        if digits.is_empty() {
            key.byte(WORD);
        } else {
            key.byte(NUMBER);
            key.number(digits);
        }
        key.text(word);
    }
    key.byte(END);
}
