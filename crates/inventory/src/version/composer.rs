//! The order of PHP, as Composer and Packagist use it: `1.0.0-RC1`, `dev-main`.
//!
//! A version is numbers and words in turn, and every other sign only separates. Words rank as unknown ones, `dev`,
//! `alpha`, `beta`, `RC`, then the end, then a number, then `pl`. A word is known by how it begins, so that `patch` is `p`.
//!
//! PHP gives `#` the rank of any number, which is no order at all; here it only separates.
//!
//! See <https://www.php.net/manual/function.version-compare.php>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "composer", ecosystems: &["Packagist"], key, comparable: None };

/// How the known words begin, with their ranks; the first that fits counts.
const WORDS: [(&[u8], u8); 9] = [
    (b"dev", 2),
    (b"alpha", 3),
    (b"a", 3),
    (b"beta", 4),
    (b"b", 4),
    (b"RC", 5),
    (b"rc", 5),
    (b"pl", 8),
    (b"p", 8),
];
const UNKNOWN: u8 = 1;
const END: u8 = 6;
const NUMBER: u8 = 7;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text).as_bytes();
    let mut key = KeyWriter::new();
    while let Some(sign) = rest.first() {
        if sign.is_ascii_digit() {
            let (digits, after) = split_digits(rest);
            key.byte(NUMBER);
            key.number(digits);
            rest = after;
        } else if sign.is_ascii_alphabetic() {
            let (word, after) = split_while(rest, u8::is_ascii_alphabetic);
            key.byte(
                WORDS.iter().find(|(known, _)| word.starts_with(known)).map_or(UNKNOWN, |(_, rank)| *rank),
            );
            rest = after;
        } else {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    key.byte(END);
    Ok(key.finish())
}
